package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Map;

/**
 * The work that a server does at intervals, for no caller.
 *
 * <p>Every method may read or delete many rows, and blocks until it has finished. It throws {@link
 * StorageUnavailableException} if the storage fails. Implementations are thread-safe.
 */
public interface Upkeep {

    /**
     * Forgets the streams whose last lease ended longer ago than this, in chunks that are each bounded in time. Forgets
     * members of groups that stayed away for a minute, too.
     *
     * @param idleFor at least {@link Limits#MIN_TOMBSTONE_RETENTION}, and far longer than any call can take, because a
     *     forgotten lease id could be granted again
     * @return the number of streams that were forgotten
     */
    int purge(Duration idleFor);

    /**
     * Forgets the grants that ended longer ago than this, in chunks that are each bounded in time. The latest grant of
     * a stream stays until the stream itself is {@linkplain #purge forgotten}.
     *
     * @param endedFor how long ago
     * @return the number of grants that were forgotten
     */
    int purgeHistory(Duration endedFor);

    /**
     * Counts the live leases of each owner. This reads all streams.
     *
     * @return the counts by owner; an owner without a live lease is not in it
     */
    Map<String, Long> liveLeases();
}
