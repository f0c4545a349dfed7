package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.Lease;

/** Acts on what the looks at awaited streams have found. The methods must not block. */
interface Findings {

    /**
     * A lease that a request waits for is live.
     *
     * @param askedNanos when the storage was asked; the rest of the lease is as of then or later
     */
    void granted(Wait wait, Lease lease, long askedNanos);

    /** The place of a request is gone. */
    void placeLost(Wait wait);
}
