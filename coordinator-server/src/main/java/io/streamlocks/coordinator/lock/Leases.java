package io.streamlocks.coordinator.lock;

import java.util.List;

/**
 * Grants, renews and releases leases, by the rules of {@linkplain io.streamlocks.coordinator.lock the protocol}.
 *
 * <p>A list of requests may have any length. The result contains one outcome per request, in the order of the requests.
 * A request for a stream that another call or transaction has locked is blocked: it changes nothing, and all other
 * requests are carried out. No method waits for a locked stream, with one exception: an acquire waits for another
 * transaction that inserts the first row of the same stream.
 *
 * <p>A list may name a stream more than once. Its requests for that stream are then decided in their order, but in one
 * decision of the stream. The first of them is always decided. A later one is decided with it if it repeats the same
 * request or changes nothing. Any other one may be undecided: nothing was done for it. To continue, call again with the
 * undecided requests in their order. A list therefore costs no additional statements for naming a stream often.
 *
 * <p>Every method blocks until the outcomes are durable, or until the time-outs of the storage have passed. It then
 * throws {@link StorageUnavailableException}, and the outcomes are unknown. Implementations are thread-safe.
 */
public interface Leases {

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
}
