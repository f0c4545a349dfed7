package io.streamlocks.coordinator.database;

import com.zaxxer.hikari.HikariDataSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces all connections of a pool when one of them takes no writes. Its server is no longer a primary, and the pool
 * would keep the other connections to it for half an hour. New connections are made to a primary only.
 *
 * <p>This class is thread-safe and does not block.
 */
public final class StaleConnections implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(StaleConnections.class);

    /**
     * Calls that already have an old connection report it as well, and must not replace the new ones. It also limits
     * new connections to a database that takes no writes.
     */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final HikariDataSource pool;
    private final AtomicLong last = new AtomicLong(System.nanoTime() - PAUSE_NANOS);

    /**
     * @param pool the pool whose connections are replaced
     */
    public StaleConnections(HikariDataSource pool) {
        this.pool = pool;
    }

    @Override
    public void run() {
        long before = last.get();
        long now = System.nanoTime();
        if (now - before >= PAUSE_NANOS && last.compareAndSet(before, now)) {
            LOG.info("A connection to the database takes no writes. All connections are replaced");
            pool.getHikariPoolMXBean().softEvictConnections();
        }
    }
}
