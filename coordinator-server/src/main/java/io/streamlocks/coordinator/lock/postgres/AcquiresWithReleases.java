package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockCalls.Outcomes;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Grants and releases leases in one round trip and one transaction. This class is thread-safe.
 *
 * <p>The acquires come first, because their statement may wait for new rows of others and should have no row locked
 * while it waits. The releases wait for no row, so two such transactions cannot deadlock.
 *
 * @param statements runs the statements
 * @param acquires decides acquires
 * @param releases decides releases
 * @param lockTimeout for how long the releases wait with the acquires, for the new rows of others
 */
record AcquiresWithReleases(
        Statements statements,
        Pass<AcquireRequest, AcquireOutcome> acquires,
        Pass<ReleaseRequest, ReleaseOutcome> releases,
        Duration lockTimeout) {

    /**
     * The most releases. The driver sends all statements before it reads a result, so the releases must fit into the
     * buffers of the connection while PostgreSQL returns the grants.
     */
    static final int MOST_RELEASES = 64;

    /** Most new rows of others are committed within this time. */
    static final Duration LOCK_TIMEOUT = Duration.ofMillis(50);

    /**
     * Returns one outcome per request. An empty result means that nothing was done, because a lock was not free in time.
     *
     * @param acquire requests to acquire
     * @param release requests to release; none names a stream of the acquires
     */
    Optional<Outcomes> decide(List<AcquireRequest> acquire, List<ReleaseRequest> release) {
        List<AcquireRequest> grants = acquires.tried(acquire);
        List<ReleaseRequest> ends = releases.tried(release);
        Map<String, AcquireOutcome> granted = new HashMap<>();
        Map<String, ReleaseOutcome> released = new HashMap<>();
        try {
            statements.readAll(
                    "acquire and release",
                    "SELECT set_config('lock_timeout', ?, true);" + AcquireChange.SQL + ";" + ReleaseChange.SQL,
                    List.of(
                            rows -> {},
                            rows -> granted.putAll(AcquireChange.granted(rows)),
                            rows -> released.putAll(ReleaseChange.released(rows))),
                    Stream.of(
                                    new Object[] {lockTimeout.toMillis() + "ms"},
                                    AcquireChange.values(grants),
                                    ReleaseChange.values(ends))
                            .flatMap(Stream::of)
                            .toArray());
        } catch (StorageUnavailableException e) {
            if (Statements.isLockTimeout(e)) {
                return Optional.empty();
            }
            throw e;
        }
        return Optional.of(
                new Outcomes(acquires.decideCommitted(acquire, granted), releases.decideCommitted(release, released)));
    }
}
