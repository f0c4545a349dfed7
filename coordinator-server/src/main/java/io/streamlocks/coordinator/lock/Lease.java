package io.streamlocks.coordinator.lock;

import java.util.UUID;

/**
 * A live lease as its holder sees it: the lock and the proof of it.
 *
 * @param leaseId the proof; whoever has it can renew and release
 * @param lock what everybody may see
 */
public record Lease(UUID leaseId, Lock lock) {

    /** Without the lease id, so that no log line gives the lease away. */
    @Override
    public String toString() {
        return "Lease[" + lock + "]";
    }
}
