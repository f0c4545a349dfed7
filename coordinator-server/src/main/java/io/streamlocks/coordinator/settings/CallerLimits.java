package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * This record limits what a caller and an owner may use.
 *
 * @param callsPerSecond the most calls of a caller per second; 0 for no limit
 * @param leasesPerOwner the most live leases of an owner; 0 for no limit
 * @param waitersPerOwner the most acquires of an owner that wait at this server; 0 for no limit
 */
public record CallerLimits(int callsPerSecond, int leasesPerOwner, int waitersPerOwner) {

    static CallerLimits read(SettingsReader reader) {
        return new CallerLimits(
                reader.integer("RATE_LIMIT_PER_SECOND", 0, 0, 1_000_000),
                reader.integer("MAX_LEASES_PER_OWNER", 0, 0, 10_000_000),
                reader.integer("MAX_WAITERS_PER_OWNER", 0, 0, 10_000_000));
    }

    /** Returns the limit of calls, which starts now; empty for no limit. */
    public Optional<RateLimit> rateLimit() {
        return callsPerSecond == 0 ? Optional.empty() : Optional.of(new RateLimit(callsPerSecond, System::nanoTime));
    }

    /**
     * Returns the limit of leases.
     *
     * @param census counts the live leases by owner
     * @return the limit, whose caller refreshes it; empty for no limit
     */
    public Optional<OwnerCap> ownerCap(Supplier<Map<String, Long>> census) {
        return leasesPerOwner == 0 ? Optional.empty() : Optional.of(new OwnerCap(leasesPerOwner, census));
    }

    /** Returns the limit of acquires that wait; empty for no limit. */
    public OptionalInt maxWaitersOfOwner() {
        return waitersPerOwner == 0 ? OptionalInt.empty() : OptionalInt.of(waitersPerOwner);
    }
}
