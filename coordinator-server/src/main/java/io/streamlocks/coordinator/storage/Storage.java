package io.streamlocks.coordinator.storage;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.List;

/**
 * A place where leases are kept. It connects to nothing before {@link #open}. Implementations are thread-safe.
 *
 * <p>{@link #toString} returns what the log calls the place, without credentials.
 */
public interface Storage extends AutoCloseable {

    /** Returns the leases. They can be used once {@link #open} has returned. */
    LockManager locks();

    /**
     * Sets the storage up, and checks that leases can be granted. Blocks for as long as that takes. The caller tries
     * again if this method throws; one thread calls it at a time.
     *
     * @throws StorageUnavailableException if the storage cannot be reached or lacks something
     * @throws RuntimeException if the set-up fails for another reason
     */
    void open();

    /**
     * Explains for the log why {@link #open} has failed. May block for a short query.
     *
     * @param cause the first cause of the failure
     * @return the cause, and what to do about it if that is known
     */
    String explain(Throwable cause);

    /** Returns the work that the storage needs in the background once it is open. */
    List<StorageTask> tasks();

    /** Closes all connections. Leases stay where they are kept. */
    @Override
    void close();
}
