package io.streamlocks.coordinator.lock;

import java.util.List;

/**
 * Reads locks, queues and history, which may be many rows. No result contains a lease id.
 *
 * <p>Every method blocks until the storage answers. It throws {@link StorageUnavailableException} when the time-outs of
 * the storage have passed. Implementations are thread-safe.
 */
public interface LockReads {

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

    /**
     * Returns the queue of a stream, as committed.
     *
     * @param streamId the stream
     * @return the first {@link Limits#MAX_LISTED_WAITERS} callers that wait for it, in their order
     */
    List<Waiter> waiters(String streamId);
}
