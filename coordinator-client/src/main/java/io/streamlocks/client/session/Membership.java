package io.streamlocks.client.session;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.GroupMember;
import io.streamlocks.client.GroupMember.Standing;
import io.streamlocks.client.StreamLockException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls that a registry makes to its group. A call that fails is logged, and no exception of the coordinator leaves
 * this class. Each call blocks for one request.
 *
 * <p>This class is thread-safe.
 */
final class Membership {

    /** A worker leaves the group after so many heartbeats without a stream. */
    private static final int BEATS_UNTIL_LEFT = 10;

    /** The largest capacity of a report. It is far above what a process can hold. */
    private static final int MAX_CAPACITY = 10_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

    private final GroupMember member;
    private final Holdings<?> holdings;
    private final int capacity;
    private final SessionRuntime runtime;
    private final RepeatedErrors errors;

    // Both are guarded by shares.
    private final SeenStreams seen;
    private final EvenShares shares;

    // All of these are guarded by this.
    private long reportedNanos;
    private int reportedStreams;
    private int beatsWithoutStreams;

    /** @param capacity the most streams that the member can hold; beyond what the coordinator counts it is no limit */
    Membership(
            GroupMember member,
            Holdings<?> holdings,
            SeenStreams seen,
            EvenShares shares,
            int capacity,
            SessionRuntime runtime) {
        this.member = member;
        this.holdings = holdings;
        this.seen = seen;
        this.shares = shares;
        this.capacity = capacity;
        this.runtime = runtime;
        this.errors = new RepeatedErrors(LOG, runtime::nanoTime);
    }

    String groupId() {
        return member.groupId();
    }

    /** Returns the time between two reports. */
    Duration interval() {
        return member.interval();
    }

    /** Returns a future that is done when the leases have next been renewed. */
    CompletableFuture<Void> nextRenewal() {
        return member.nextRenewal();
    }

    /** Returns how long ago the latest report began. */
    synchronized Duration sinceReport() {
        return Duration.ofNanos(runtime.nanoTime() - reportedNanos);
    }

    /** Returns whether the registry holds more streams than at the latest report. */
    synchronized boolean holdsMoreThanReported(Set<String> held) {
        return held.size() > reportedStreams;
    }

    /** Returns whether the worker has had no stream for so long that it should leave. */
    synchronized boolean isUseless() {
        return beatsWithoutStreams >= BEATS_UNTIL_LEFT;
    }

    /**
     * Reports to the group.
     *
     * @param waiting how many others wait for each stream that the registry holds and is not handing over
     * @return the standing; empty if there was no usable answer. If the report was refused, that of a worker that is
     *     alone
     */
    Optional<Standing> report(Map<String, Integer> waiting) {
        Set<String> held = holdings.streams();
        int wanted;
        synchronized (shares) {
            waiting.keySet().forEach(seen::isHeld);
            wanted = seen.wanted(held, runtime.nanoTime());
        }
        synchronized (this) {
            reportedNanos = runtime.nanoTime();
            reportedStreams = held.size();
            beatsWithoutStreams = wanted == 0 ? beatsWithoutStreams + 1 : 0;
        }
        try {
            return Optional.of(member.report(
                    waiting.size(), wanted, capacity <= MAX_CAPACITY ? OptionalInt.of(capacity) : OptionalInt.empty()));
        } catch (CoordinatorUnavailableException e) {
            log("The report to group " + member.groupId() + " failed", e);
            return Optional.empty();
        } catch (CoordinatorRefusedException e) {
            log(
                    "The report to group " + member.groupId()
                            + " was refused. Until one is accepted, this worker takes the streams that are free",
                    e);
            return Optional.of(new Standing(1, waiting.size(), wanted, Math.min(wanted, capacity), 0));
        }
    }

    private void log(String what, StreamLockException e) {
        errors.log(e.getMessage(), what, e);
    }

    /** Learns who is above and below its share, if the member lacks streams. */
    void learnMembers() {
        int held = holdings.streams().size();
        synchronized (shares) {
            if (!shares.needsMembers(held)) {
                return;
            }
        }
        List<GroupMember.Share> members;
        try {
            members = member.shares();
        } catch (StreamLockException e) {
            log("Group " + member.groupId() + " was not shown", e);
            return;
        }
        synchronized (shares) {
            shares.members(members, member.ownerId());
        }
    }

    /** Ends the membership. Without an answer, it ends by itself. */
    void leave() {
        synchronized (this) {
            beatsWithoutStreams = 0;
        }
        try {
            member.leave();
        } catch (StreamLockException | IllegalStateException e) {
            LOG.debug("The membership in group {} ends by itself: {}", member.groupId(), e.getMessage());
        }
    }
}
