package io.streamlocks.coordinator.settings;

import java.time.Duration;

/**
 * The length of leases, and how long the coordinator remembers them.
 *
 * @param defaultTtl the ttl of an acquire that contains none
 * @param maxTtl the longest ttl that a caller may ask for
 * @param tombstoneRetention how long a stream is remembered after its last lease has ended
 * @param historyRetention how long a grant is remembered after it has ended; zero for no history
 */
public record LeaseSettings(
        Duration defaultTtl, Duration maxTtl, Duration tombstoneRetention, Duration historyRetention) {

    private static final int MIN_TTL_MS = 1000;
    private static final int MAX_TTL_MS = 86_400_000;

    static LeaseSettings read(SettingsReader reader) {
        Duration maxTtl = reader.millis("LOCK_TTL_MAX_MS", MAX_TTL_MS, MIN_TTL_MS, MAX_TTL_MS);
        Duration defaultTtl = reader.millis("LOCK_TTL_MS", 30_000, MIN_TTL_MS, MAX_TTL_MS);
        if (defaultTtl.compareTo(maxTtl) > 0) {
            reader.problem(
                    "LOCK_TTL_MS",
                    "must not be above LOCK_TTL_MAX_MS (" + maxTtl.toMillis() + "); it is " + defaultTtl.toMillis());
        }
        return new LeaseSettings(
                defaultTtl,
                maxTtl,
                // The least is far longer than any statement can run. See LockManager.purge.
                reader.duration("LOCK_TOMBSTONE_RETENTION", "1h", Duration.ofMinutes(1), Duration.ofDays(365)),
                reader.durationOrZero("LOCK_HISTORY_RETENTION", "7d", Duration.ofMinutes(1), Duration.ofDays(3650)));
    }

    /** Returns whether grants are remembered after they have ended. */
    public boolean keepHistory() {
        return !historyRetention.isZero();
    }
}
