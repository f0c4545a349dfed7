package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.HandOvers;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for the notifications that hand-overs send to this server. They arrive on one connection of their own, which
 * a thread reads.
 *
 * <p>Some poolers drop notifications, and a connection that only receives does not notice that the other side is gone.
 * This class therefore sends a notification to itself every {@value #TEST_INTERVAL_MS} ms, and reports that hand-overs
 * {@linkplain #areReported are reported} only while those arrive. If one does not arrive, it connects again.
 *
 * <p>This class is thread-safe.
 */
final class PostgresHandOvers implements HandOvers {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresHandOvers.class);

    /** How often this server checks that notifications arrive. */
    static final int TEST_INTERVAL_MS = 5_000;

    /** How long such a notification may take. */
    private static final int TEST_TIMEOUT_MS = 1_000;

    private static final int RETRY_MS = 1_000;

    /** Binds the channel. No hand-over has an empty text. */
    private static final String TEST = "SELECT pg_notify(?, '')";

    private final Statements statements;
    private final DataSource unpooled;
    private final UUID serverId;
    private final String channel;

    private volatile boolean isClosed;
    private volatile boolean areReported;
    private volatile @Nullable Connection connection;
    private volatile @Nullable Thread thread;
    private volatile @Nullable Listener listener;

    /**
     * @param statements send the test notifications
     * @param unpooled provides the connection that listens
     * @param serverId the server, whose id is the end of the channel's name
     */
    PostgresHandOvers(Statements statements, DataSource unpooled, UUID serverId) {
        this.statements = statements;
        this.unpooled = unpooled;
        this.serverId = serverId;
        this.channel = "stream_locks_" + serverId;
    }

    @Override
    public synchronized void listen(Listener informed) {
        if (thread == null && !isClosed) {
            listener = informed;
            Thread made = new Thread(() -> run(informed), "hand-overs");
            made.setDaemon(true);
            thread = made;
            made.start();
        }
    }

    /** Returns whether callers of this server wait for a stream. */
    boolean isAwaited(String streamId) {
        Listener own = listener;
        return own != null && own.isAwaited(streamId);
    }

    /** Reports what a release has found, without a notification. */
    void found(List<AwaitedStream> streams, Duration ago) {
        Listener own = listener;
        if (own != null) {
            own.found(streams, ago);
        }
    }

    /** Reports that a hand-over may have gone unnoticed. */
    void reportsLost() {
        Listener own = listener;
        if (own != null) {
            own.reportsLost();
        }
    }

    UUID serverId() {
        return serverId;
    }

    @Override
    public boolean areReported() {
        return areReported;
    }

    private void run(Listener listener) {
        while (!isClosed) {
            try (Connection opened = unpooled.getConnection()) {
                connection = opened;
                if (isClosed) {
                    return;
                }
                execute(opened, "LISTEN \"" + channel + "\"");
                receive(opened.unwrap(PGConnection.class), listener);
            } catch (SQLException | RuntimeException e) {
                // The calls themselves report that the database is away. Whatever it is, the thread must not end.
                LOG.debug("The connection that listens for hand-overs has failed", e);
            } finally {
                areReported = false;
            }
            if (!isClosed) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(RETRY_MS));
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Receives notifications until one has not arrived. */
    private void receive(PGConnection notifications, Listener listener) throws SQLException {
        listener.reportsLost();
        boolean isUsable = true;
        while (isUsable && !isClosed) {
            statements.read("test the notifications", TEST, rows -> {}, channel);
            boolean arrived = receive(notifications, listener, TEST_TIMEOUT_MS, true);
            if (arrived && !areReported) {
                areReported = true;
            } else if (!arrived && areReported) {
                areReported = false;
                listener.reportsLost();
            }
            boolean arrivedLate = receive(notifications, listener, TEST_INTERVAL_MS, false);
            isUsable = arrived || arrivedLate;
        }
    }

    /**
     * Receives notifications for some time.
     *
     * @param untilTest whether to return when a test notification arrives
     * @return whether one has arrived
     */
    private boolean receive(PGConnection notifications, Listener listener, int forMs, boolean untilTest)
            throws SQLException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(forMs);
        boolean tested = false;
        long leftMs = forMs;
        while (leftMs > 0 && !isClosed && !(tested && untilTest)) {
            for (PGNotification notification : notifications.getNotifications(Math.toIntExact(leftMs))) {
                String text = notification.getParameter();
                if (text.isEmpty()) {
                    tested = true;
                } else {
                    int space = text.indexOf(' ');
                    listener.handedOver(text.substring(space + 1), Long.parseLong(text.substring(0, space)));
                }
            }
            leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        }
        return tested;
    }

    /** Closes the connection, which ends the thread. */
    @Override
    public void close() {
        isClosed = true;
        Connection open = connection;
        Thread running = thread;
        if (open != null) {
            try {
                // To close it would wait for the thread that reads.
                open.abort(Runnable::run);
            } catch (SQLException e) {
                LOG.debug("The connection that listens for hand-overs could not be closed", e);
            }
        }
        if (running != null) {
            LockSupport.unpark(running);
        }
    }
}
