package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Grants, renews and ends leases, as {@linkplain io.streamlocks.coordinator.lock the protocol} has it.
 *
 * <p>Implementations are safe for use by any number of threads. Every method blocks the caller until its outcome is
 * known and durable, or until the storage's time-outs have passed; all of them throw {@link
 * StorageUnavailableException} when the outcome is unknown. Requests for a stream that another call or transaction has
 * locked have the outcome blocked and have changed nothing, while all others are carried out. No method waits for such a
 * stream, but for one case: an acquire waits for another transaction that inserts the first row of the same stream.
 *
 * <p>A list of requests may be of any length. The answer has one outcome per request, in the requests' order. A list may
 * name a stream more than once; those requests are then decided in their order, as far as one decision of the stream goes.
 * The first of them is always decided. A later one is decided with it if it is the same request once more, or if it changes
 * nothing. Else it may be undecided: nothing was done for it, and whoever asks again with those that were undecided, in
 * their order, goes on where this call ended. So a list costs no more statements for naming a stream often.
 */
public interface LockManager {

    /** How many leases before the latest one a stream remembers, to tell a superseded lease from an unknown one. */
    int SUPERSEDED_REMEMBERED = 8;

    /**
     * Grants each lease whose stream has no live one.
     *
     * @param requests what is asked for
     * @return one outcome per request
     */
    List<AcquireOutcome> acquire(List<AcquireRequest> requests);

    /**
     * Moves the end of each live lease to its ttl from now.
     *
     * @param requests what is asked for
     * @return one outcome per request
     */
    List<RenewOutcome> renew(List<RenewRequest> requests);

    /**
     * Ends each live lease now.
     *
     * @param requests what is asked for
     * @return one outcome per request
     */
    List<ReleaseOutcome> release(List<ReleaseRequest> requests);

    /**
     * Ends each live lease now, though it is somebody else's.
     *
     * @param requests what is asked for
     * @return one outcome per request
     */
    List<BreakOutcome> breakLeases(List<BreakRequest> requests);

    /**
     * Ends all live leases of an owner now, in chunks that are each bounded in time. Leases that the owner is granted
     * meanwhile may stay. Waits a moment for streams that are locked, and then ends the others. After a {@link
     * StorageUnavailableException} or a {@link BlockedException} some are ended and others not; calling again goes on.
     *
     * @param ownerId the owner
     * @param breaking why, by whom, and for how long the streams stay closed
     * @return how many leases were ended
     * @throws BlockedException if other transactions have some streams of the owner locked
     */
    int breakOwner(String ownerId, Breaking breaking);

    /**
     * The live lock of a stream. That there is none is certain; if another transaction has the stream locked, nothing is.
     *
     * @param streamId the stream
     * @return its lock, or empty if no lease is live
     * @throws BlockedException if another transaction has the stream locked, and it does not show as held
     */
    Optional<Lock> find(String streamId);

    /**
     * A page of live locks, as committed. Pages are read one by one, not from one snapshot: a lock that is taken, renewed
     * or freed meanwhile may show or not.
     *
     * @param query which ones
     * @return the page
     */
    LockPage list(LockQuery query);

    /**
     * A page of what was granted of one stream, latest first.
     *
     * @param query which grants
     * @return the page
     */
    GrantPage history(StreamHistoryQuery query);

    /**
     * A page of what was granted of all streams, latest first.
     *
     * @param query which grants
     * @return the page
     */
    GrantPage history(HistoryQuery query);

    /**
     * How many leases each owner has live. Looks at all streams, so it is for a caller that asks now and then.
     *
     * @return by owner; owners without a live lease are not in it
     */
    Map<String, Long> liveLeases();

    /**
     * Forgets the streams whose last lease ended longer ago than this, in chunks that are each bounded in time.
     *
     * @param idleFor must be far longer than any call can take, since a forgotten lease id could be granted again
     * @return how many streams were forgotten
     */
    int purge(Duration idleFor);

    /**
     * Forgets the grants that ended longer ago than this, in chunks that are each bounded in time. The latest grant of a
     * stream stays until the stream itself is {@linkplain #purge forgotten}.
     *
     * @param endedFor how long ago
     * @return how many grants were forgotten
     */
    int purgeHistory(Duration endedFor);

    /** Returns if the storage answers and takes writes now, and throws {@link StorageUnavailableException} if not. */
    void verifyWritable();
}
