package io.streamlocks.coordinator.lock;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A lease as history has it, without its proof: who was granted what, and how that ended.
 *
 * @param streamId the stream
 * @param ownerId the label of the worker
 * @param fencingToken the number of the grant
 * @param labels what else its holder told
 * @param acquiredAt when it was granted, on the storage's clock
 * @param end how it ended; empty while it is live
 */
public record Grant(
        String streamId,
        String ownerId,
        long fencingToken,
        Map<String, String> labels,
        Instant acquiredAt,
        Optional<End> end) {

    /**
     * The end of a lease.
     *
     * @param at when it was over, on the storage's clock: when it was released, broken, or ran out
     * @param reason how
     * @param by its owner if released, who was granted the stream next if superseded, who broke it if broken; empty if it
     *     ran out and nobody came
     * @param breakReason why it was broken, if it was
     */
    public record End(Instant at, EndReason reason, Optional<String> by, Optional<String> breakReason) {}
}
