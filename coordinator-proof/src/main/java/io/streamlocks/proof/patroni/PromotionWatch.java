package io.streamlocks.proof.patroni;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks standbys every 20 ms whether they are in recovery, until one of them is not. */
final class PromotionWatch implements AutoCloseable {

    private static final long PAUSE_MS = 20;

    /**
     * The end of a recovery.
     *
     * @param node the new primary
     * @param at when it was first seen out of recovery, monotonic
     */
    record Promotion(PatroniNode node, long at) {}

    private final CompletableFuture<Promotion> promotion = new CompletableFuture<>();

    /** Begins to watch, in a thread for each standby. */
    PromotionWatch(List<PatroniNode> standbys) {
        for (PatroniNode standby : standbys) {
            Thread thread = new Thread(() -> watch(standby), "watch-" + standby.name());
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void watch(PatroniNode standby) {
        while (!promotion.isDone()) {
            // The session of a standby survives its promotion, so no login delays the look.
            try (Connection connection = standby.connect();
                    Statement statement = connection.createStatement()) {
                while (!promotion.isDone()) {
                    try (ResultSet result = statement.executeQuery("SELECT pg_is_in_recovery()")) {
                        result.next();
                        if (!result.getBoolean(1)) {
                            promotion.complete(new Promotion(standby, System.nanoTime()));
                        }
                    }
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
                }
            } catch (SQLException e) {
                // Patroni may restart a standby. The pause keeps this from turning in a circle meanwhile.
                pause();
            } catch (InterruptedException e) {
                throw new IllegalStateException("Nothing interrupts this thread", e);
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("Nothing interrupts this thread", e);
        }
    }

    /** Returns whether a standby has left recovery. */
    boolean isDone() {
        return promotion.isDone();
    }

    /**
     * Blocks until a standby leaves recovery.
     *
     * @throws IOException after this time
     */
    Promotion await(Duration atMost) throws IOException, InterruptedException {
        try {
            return promotion.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IOException("No standby was promoted within " + atMost, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Stops the watch. */
    @Override
    public void close() {
        promotion.cancel(false);
    }
}
