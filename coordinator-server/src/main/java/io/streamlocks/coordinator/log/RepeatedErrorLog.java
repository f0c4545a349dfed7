package io.streamlocks.coordinator.log;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Logs an error at most once in 30 s, with the number of identical errors that were not logged since. Otherwise an
 * outage of the database would write a line per call.
 *
 * <p>Errors with the same key are identical. At most 100 keys are remembered. A new key replaces the key that was
 * logged first, if that was at least 30 s ago. Until then errors with other keys are only counted. There are never more
 * than 100 lines in 30 s, even if callers choose the keys. This class is thread-safe.
 */
public final class RepeatedErrorLog {

    static final Duration INTERVAL = Duration.ofSeconds(30);
    static final int MAX_KEYS = 100;

    private final Logger logger;
    private final LongSupplier nanoTime;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private int crowdedOut;

    /**
     * @param logger the logger to use
     * @param nanoTime a monotonic clock, {@link System#nanoTime} outside of tests
     */
    public RepeatedErrorLog(Logger logger, LongSupplier nanoTime) {
        this.logger = logger;
        this.nanoTime = nanoTime;
    }

    /**
     * Logs the error without a stack trace, unless an identical one was logged less than 30 s ago.
     *
     * @param level the level of the line
     * @param key the same for identical errors
     * @param message the message; it must not contain a lease id or a password
     */
    public void log(Level level, String key, String message) {
        log(level, key, message, Optional.empty());
    }

    /**
     * Logs the error, unless an identical one was logged less than 30 s ago.
     *
     * @param level the level of the line
     * @param key the same for identical errors
     * @param message the message; it must not contain a lease id or a password
     * @param error the error whose stack trace is logged
     */
    public void log(Level level, String key, String message, Throwable error) {
        log(level, key, message, Optional.of(error));
    }

    /**
     * Logs the error, unless an identical one was logged less than 30 s ago.
     *
     * @param level the level of the line
     * @param key the same for identical errors
     * @param message the message; it must not contain a lease id or a password
     * @param error the error whose stack trace is logged; empty for no stack trace
     */
    public void log(Level level, String key, String message, Optional<? extends Throwable> error) {
        int suppressed;
        int others;
        synchronized (entries) {
            long now = nanoTime.getAsLong();
            Entry last = entries.get(key);
            if (last != null && now - last.loggedAtNanos < INTERVAL.toNanos()) {
                last.suppressed++;
                return;
            }
            if (last == null && entries.size() == MAX_KEYS) {
                Iterator<Entry> oldest = entries.values().iterator();
                if (now - oldest.next().loggedAtNanos < INTERVAL.toNanos()) {
                    crowdedOut++;
                    return;
                }
                oldest.remove();
            }
            suppressed = last == null ? 0 : last.suppressed;
            // Removing the key first keeps the map in the order of logging, so its first key is the oldest.
            entries.remove(key);
            entries.put(key, new Entry(now));
            others = crowdedOut;
            crowdedOut = 0;
        }
        String count = suppressed == 0
                ? ""
                : " (" + suppressed + " more like this were not logged since the last one, more than "
                        + INTERVAL.toSeconds() + " s ago)";
        String otherCount = others == 0
                ? ""
                : " (" + others + " others were not logged, because there were more than " + MAX_KEYS + " kinds in "
                        + INTERVAL.toSeconds() + " s)";
        logger.atLevel(level).setCause(error.orElse(null)).log("{}{}{}", message, count, otherCount);
    }

    private static final class Entry {
        private final long loggedAtNanos;
        private int suppressed;

        Entry(long loggedAtNanos) {
            this.loggedAtNanos = loggedAtNanos;
        }
    }
}
