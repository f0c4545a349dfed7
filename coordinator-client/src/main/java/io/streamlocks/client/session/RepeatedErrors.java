package io.streamlocks.client.session;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Logs an error once in 30 s, with the number of identical errors that were suppressed since it was last logged.
 *
 * <p>Errors are identical if their keys are equal. This remembers at most 100 keys, and forgets the one that was logged
 * longest ago. This class is thread-safe.
 */
final class RepeatedErrors {

    static final Duration INTERVAL = Duration.ofSeconds(30);
    static final int MAX_KEYS = 100;

    private final Logger logger;
    private final LongSupplier nanoTime;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private static final class Entry {
        private final long loggedNanos;
        private int suppressed;

        Entry(long loggedNanos) {
            this.loggedNanos = loggedNanos;
        }
    }

    /**
     * @param logger receives the errors
     * @param nanoTime a monotonic clock, which is {@link System#nanoTime} outside of tests
     */
    RepeatedErrors(Logger logger, LongSupplier nanoTime) {
        this.logger = logger;
        this.nanoTime = nanoTime;
    }

    /**
     * Logs the error, unless an identical one was logged less than 30 s ago.
     *
     * @param key the key of the error
     * @param what a sentence about the failure
     * @param error the error
     */
    void log(String key, String what, Throwable error) {
        int suppressed;
        synchronized (entries) {
            long now = nanoTime.getAsLong();
            Entry last = entries.get(key);
            if (last != null && now - last.loggedNanos < INTERVAL.toNanos()) {
                last.suppressed++;
                return;
            }
            suppressed = last == null ? 0 : last.suppressed;
            // The key goes to the end, so that the first key of the map is the one that was logged longest ago.
            entries.remove(key);
            entries.put(key, new Entry(now));
            if (entries.size() > MAX_KEYS) {
                entries.remove(entries.keySet().iterator().next());
            }
        }
        if (suppressed == 0) {
            logger.warn("{}", what, error);
        } else {
            logger.warn("{} ({} more like this were not logged)", what, suppressed, error);
        }
    }
}
