package io.streamlocks.coordinator.lock;

/** Everything that a server does for its callers. */
public interface LockCalls extends Leases, Breaks, LockReads {

    /**
     * Returns if the storage accepts writes now.
     *
     * @throws StorageUnavailableException if it does not
     */
    void verifyWritable();
}
