package io.streamlocks.coordinator.lock;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Everything that a server does for its callers, by the rules of {@linkplain io.streamlocks.coordinator.lock the
 * protocol}: it grants, renews, releases and breaks leases, and reads locks and history.
 *
 * <p>A list of requests may have any length. The result contains one outcome per request, in the order of the requests.
 * A request for a stream that another call or transaction has locked is blocked: it changes nothing, and all other
 * requests are carried out. No change waits for a locked stream, with two exceptions. An acquire waits for another
 * transaction that inserts the first row of the same stream, and {@link #breakOwner} waits for a short time.
 *
 * <p>A list may name a stream more than once. Its requests for that stream are then decided in their order, but in one
 * decision of the stream. The first of them is always decided. A later one is decided with it if it repeats the same
 * request or changes nothing. Any other one may be undecided: nothing was done for it. To continue, call again with the
 * undecided requests in their order. A list therefore costs no additional statements for naming a stream often.
 *
 * <p>The results of reads contain no lease id.
 *
 * <p>Every change blocks until its outcomes are durable, and every read until the storage responds. When the time-outs
 * of the storage have passed, a method throws {@link StorageUnavailableException}. The outcomes of a change are then
 * unknown. Implementations are thread-safe.
 */
public interface LockCalls {

    /**
     * Grants each lease whose stream has no live lease.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<AcquireOutcome> acquire(List<AcquireRequest> requests);

    /**
     * Moves the end of each live lease to its ttl from now.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<RenewOutcome> renew(List<RenewRequest> requests);

    /**
     * Ends each live lease now.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<ReleaseOutcome> release(List<ReleaseRequest> requests);

    /**
     * Ends each live lease now, on behalf of an operator and without the lease ids of the holders.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<BreakOutcome> breakLeases(List<BreakRequest> requests);

    /**
     * Ends all live leases of an owner now, on behalf of an operator and in chunks that are each bounded in time.
     * Leases that the owner is granted during the call may stay. This method waits up to 100 ms for streams that are
     * locked, and then ends the other leases. A call that throws may have ended some leases; calling again continues.
     *
     * @param ownerId the owner
     * @param breaking the reason, the operator, and how long the streams stay closed
     * @return the number of leases that were ended
     * @throws BlockedException if other transactions have streams of the owner locked
     */
    int breakOwner(String ownerId, Breaking breaking);

    /**
     * Returns the live lock of a stream. An empty result is certain: the stream is not locked.
     *
     * @param streamId the stream
     * @return its lock, or empty if no lease is live
     * @throws BlockedException if another transaction has the stream locked and no committed lease is live, because
     *     nothing is certain then
     */
    Optional<Lock> find(String streamId);

    /**
     * Reads many rows.
     *
     * @param kind the kind of the read, for metrics and traces
     * @param read the read
     * @return its result
     */
    <T> T read(StatementKind kind, Function<LockReads, T> read);

    /**
     * Returns if the storage accepts writes now.
     *
     * @throws StorageUnavailableException if it does not
     */
    void verifyWritable();
}
