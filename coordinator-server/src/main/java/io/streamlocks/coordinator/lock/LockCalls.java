package io.streamlocks.coordinator.lock;

import java.util.Optional;
import java.util.function.Function;

/**
 * Everything that a server does for its callers.
 *
 * <p>Every method blocks until the storage answers. It throws {@link StorageUnavailableException} when the time-outs of
 * the storage have passed. Implementations are thread-safe.
 */
public interface LockCalls extends Leases, Breaks {

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
