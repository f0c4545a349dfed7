package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A grant in history, without its lease id.
 *
 * @param streamId the stream
 * @param ownerId the label of the worker
 * @param fencingToken the number of the grant
 * @param labels what people shall see of the holder
 * @param acquiredAt when it was granted, by the clock of the storage
 * @param waited how long the owner waited for its turn, by the clock of the storage; empty if it did not wait
 * @param end how it ended; empty while it is live
 */
public record Grant(
        String streamId,
        String ownerId,
        long fencingToken,
        Map<String, String> labels,
        Instant acquiredAt,
        Optional<Duration> waited,
        Optional<End> end) {

    /**
     * The end of a lease.
     *
     * @param at when it ended, by the clock of the storage
     * @param reason how it ended
     * @param by the owner if it was released, the owner of the next grant if it was superseded, the operator if it was
     *     broken; empty if it expired
     * @param breakReason the reason that the operator gave, if it was broken
     */
    public record End(Instant at, EndReason reason, Optional<String> by, Optional<String> breakReason) {}
}
