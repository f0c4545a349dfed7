package io.streamlocks.coordinator.lock;

import java.util.List;

/**
 * Ends leases on behalf of an operator, without the lease ids of their holders.
 *
 * <p>Every method blocks until the outcome is durable, or until the time-outs of the storage have passed. It then
 * throws {@link StorageUnavailableException}, and the outcome is unknown. Implementations are thread-safe.
 */
public interface Breaks {

    /**
     * Ends each live lease now. Lists of requests follow the rules of {@link Leases}.
     *
     * @param requests the requests
     * @return one outcome per request
     */
    List<BreakOutcome> breakLeases(List<BreakRequest> requests);

    /**
     * Ends all live leases of an owner now, in chunks that are each bounded in time. Leases that the owner is granted
     * during the call may stay. This method waits up to 100 ms for streams that are locked, and then ends the other
     * leases. A call that throws may have ended some leases; calling again continues.
     *
     * @param ownerId the owner
     * @param breaking the reason, the operator, and how long the streams stay closed
     * @return the number of leases that were ended
     * @throws BlockedException if other transactions have streams of the owner locked
     */
    int breakOwner(String ownerId, Breaking breaking);
}
