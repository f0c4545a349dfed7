package io.streamlocks.coordinator.database;

import com.zaxxer.hikari.HikariDataSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces all connections of a pool when one takes no writes: the server at its other end has changed its role, and the pool
 * would keep the others, which are as old, for half an hour. New ones are made to a primary only. Thread-safe; does not block.
 */
final class StaleConnections implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(StaleConnections.class);

    /** For the calls that had one of them already; or a database that takes no writes would have each call make a new one. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final HikariDataSource pool;
    private final AtomicLong last = new AtomicLong(System.nanoTime() - PAUSE_NANOS);

    StaleConnections(HikariDataSource pool) {
        this.pool = pool;
    }

    @Override
    public void run() {
        long before = last.get();
        long now = System.nanoTime();
        if (now - before >= PAUSE_NANOS && last.compareAndSet(before, now)) {
            LOG.info("A connection to the database takes no writes; all are replaced");
            pool.getHikariPoolMXBean().softEvictConnections();
        }
    }
}
