package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.lock.Limits;
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

    static LeaseSettings read(SettingsReader reader) {
        Duration maxTtl = reader.millis("LOCK_TTL_MAX_MS", Limits.MAX_TTL, Limits.MIN_TTL, Limits.MAX_TTL);
        Duration defaultTtl = reader.millis("LOCK_TTL_MS", Limits.DEFAULT_TTL, Limits.MIN_TTL, Limits.MAX_TTL);
        if (defaultTtl.compareTo(maxTtl) > 0) {
            reader.problem(
                    "LOCK_TTL_MS",
                    "must not be above LOCK_TTL_MAX_MS (" + maxTtl.toMillis() + "); it is " + defaultTtl.toMillis());
        }
        return new LeaseSettings(
                defaultTtl,
                maxTtl,
                reader.duration(
                        "LOCK_TOMBSTONE_RETENTION",
                        "1h",
                        Limits.MIN_TOMBSTONE_RETENTION,
                        Limits.MAX_TOMBSTONE_RETENTION),
                reader.durationOrZero(
                        "LOCK_HISTORY_RETENTION", "7d", Limits.MIN_HISTORY_RETENTION, Limits.MAX_HISTORY_RETENTION));
    }

    /** Returns whether grants are remembered after they have ended. */
    public boolean keepsHistory() {
        return !historyRetention.isZero();
    }
}
