package io.streamlocks.coordinator.lock;

import java.util.Optional;

/**
 * Reads locks and history. No result contains a lease id.
 *
 * <p>Every method blocks until the storage answers. It throws {@link StorageUnavailableException} when the time-outs of
 * the storage have passed. Implementations are thread-safe.
 */
public interface LockReads {

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
     * Returns a page of live locks, as committed. The pages are not one snapshot: a lock that is granted, renewed or
     * released between two pages may be missing or present.
     *
     * @param query which locks
     * @return the page
     */
    LockPage list(LockQuery query);

    /**
     * Returns a page of the grants of one stream, latest first.
     *
     * @param query which grants
     * @return the page
     */
    GrantPage history(StreamHistoryQuery query);

    /**
     * Returns a page of the grants of all streams, latest first.
     *
     * @param query which grants
     * @return the page
     */
    GrantPage history(HistoryQuery query);
}
