package io.streamlocks.coordinator.lock;

import java.time.Duration;
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
     * Takes a place in the queue of each stream, or continues in the place that the lease id has already. A caller that
     * is first in the queue of a stream that can be granted is granted it instead.
     *
     * @param requests the requests
     * @return per request, the outcome of the acquire; empty if the caller waits now. The outcome is granted, a used
     *     lease id, or blocked. It is also blocked if the stream was never locked or has been forgotten: nobody waits
     *     for such a stream, because an acquire grants it
     */
    List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests);

    /**
     * Ends calls that waited. A place that a later call has taken over stays as it is.
     *
     * @param requests the requests
     * @return per request, the outcome of the acquire as of now: granted if the lease is live, otherwise why it was not
     *     granted, with the position of the place. Empty for a place that was given up
     */
    List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests);

    /**
     * Hands over each stream that has no live lease to the first caller in its queue. It does nothing for a stream that
     * is held, closed, or locked by another transaction, or whose first caller is between two calls.
     *
     * @param streamIds the streams
     */
    void advance(List<String> streamIds);

    /**
     * Returns what has become of streams that callers wait for: each stream whose lease is not the known one, or ends
     * within the horizon, or has ended. This reads what is committed and locks nothing.
     *
     * @param streams the streams, each with the fencing token that is known
     * @param horizon how far ahead it looks
     * @return the streams that the caller must act on, now or within the horizon
     */
    List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon);

    /**
     * Returns the requests whose place is gone and whose lease is not live. A fail-over of the storage can lose places.
     *
     * @param requests requests that have taken places
     * @return those that have none
     */
    List<QueueRequest> withoutPlace(List<QueueRequest> requests);

    /**
     * Moves the end of each live lease to its ttl from now.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<RenewOutcome> renew(List<RenewRequest> requests);

    /**
     * Ends each live lease now. The first caller in the queue of its stream is granted the stream in the same
     * transaction. A release with the lease id of a caller that waits removes its place.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<ReleaseOutcome> release(List<ReleaseRequest> requests);

    /**
     * Carries out {@link #acquire} and {@link #release}. A storage may do so in one transaction. It may leave
     * acquires undecided, if they should not share one.
     *
     * @param acquires requests to acquire
     * @param releases requests to release, for other streams
     * @return one outcome per request; throws as the two methods do, and then the outcomes of both are unknown
     */
    default Outcomes acquireAndRelease(List<AcquireRequest> acquires, List<ReleaseRequest> releases) {
        return new Outcomes(acquire(acquires), release(releases));
    }

    /**
     * The outcomes of {@link #acquireAndRelease}.
     *
     * @param acquired one per request to acquire, in order
     * @param released one per request to release, in order
     */
    record Outcomes(List<AcquireOutcome> acquired, List<ReleaseOutcome> released) {}

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
     * Reads or changes groups.
     *
     * @param call the call
     * @return its result
     */
    <T> T group(Function<Groups, T> call);

    /**
     * Returns if the storage accepts writes now.
     *
     * @throws StorageUnavailableException if it does not
     */
    void verifyWritable();
}
