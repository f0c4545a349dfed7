package io.streamlocks.coordinator.log;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Logs an error once in 30 s, and with it how many identical ones were suppressed since it was last logged. An outage
 * of the database would otherwise write a line a call.
 *
 * <p>Errors are identical if their keys are. At most 100 keys are remembered; the one logged longest ago makes room, if
 * that was 30 s ago. Until then errors with other keys are counted alone, so that there are never more than 100 lines in
 * 30 s, whoever makes up the keys. Thread-safe.
 */
public final class RepeatedErrorLog {

    static final Duration INTERVAL = Duration.ofSeconds(30);
    static final int MAX_KEYS = 100;

    private final Logger logger;
    private final LongSupplier nanoTime;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private int crowdedOut;

    /**
     * @param logger takes what is logged
     * @param nanoTime a monotonic clock, {@link System#nanoTime} outside of tests
     */
    public RepeatedErrorLog(Logger logger, LongSupplier nanoTime) {
        this.logger = logger;
        this.nanoTime = nanoTime;
    }

    /**
     * Logs the error, unless an identical one was logged less than 30 s ago.
     *
     * @param level how bad it is
     * @param key what makes errors identical
     * @param message what to log; must not hold a lease id or a password
     * @param error whose stack trace to log too; null for none
     */
    public void log(Level level, String key, String message, Throwable error) {
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
                String oldest = entries.keySet().iterator().next();
                if (now - entries.get(oldest).loggedAtNanos < INTERVAL.toNanos()) {
                    crowdedOut++;
                    return;
                }
                entries.remove(oldest);
            }
            suppressed = last == null ? 0 : last.suppressed;
            // Taken out and put in anew, so that the map's order is that of logging and its first key the oldest.
            entries.remove(key);
            entries.put(key, new Entry(now));
            others = crowdedOut;
            crowdedOut = 0;
        }
        String count = suppressed == 0
                ? ""
                : " (and " + suppressed + " more like this, not logged, since it was last logged more than "
                        + INTERVAL.toSeconds() + " s ago)";
        String otherCount = others == 0
                ? ""
                : " (and " + others + " others, not logged, since there were over " + MAX_KEYS + " kinds in "
                        + INTERVAL.toSeconds() + " s)";
        logger.atLevel(level).setCause(error).log("{}{}{}", message, count, otherCount);
    }

    private static final class Entry {
        private final long loggedAtNanos;
        private int suppressed;

        Entry(long loggedAtNanos) {
            this.loggedAtNanos = loggedAtNanos;
        }
    }
}
