package io.streamlocks.coordinator.lock;

import java.util.UUID;

/**
 * A live lease as its holder sees it.
 *
 * @param leaseId the proof that its bearer has the lease; a caller that presents it can renew and release
 * @param lock the rest of the lease, which everybody may see
 */
public record Lease(UUID leaseId, Lock lock) {

    /** Omits the lease id, so that no log line reveals it. */
    @Override
    public String toString() {
        return "Lease[" + lock + "]";
    }
}
