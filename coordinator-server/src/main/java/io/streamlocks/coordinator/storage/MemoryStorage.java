package io.streamlocks.coordinator.storage;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.util.List;

/** Keeps leases in this process. This class is thread-safe. */
public final class MemoryStorage implements Storage {

    private final LockManager locks;

    /**
     * @param keepsHistory whether grants are remembered after they have ended
     */
    public MemoryStorage(boolean keepsHistory) {
        this.locks = new MemoryLockManager(new MonotonicClock(), keepsHistory);
    }

    @Override
    public LockManager locks() {
        return locks;
    }

    /** Returns at once. */
    @Override
    public void open() {}

    @Override
    public String explain(Throwable cause) {
        return cause.toString();
    }

    @Override
    public List<StorageTask> tasks() {
        return List.of();
    }

    /** Returns at once. The leases end with the process. */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "memory";
    }
}
