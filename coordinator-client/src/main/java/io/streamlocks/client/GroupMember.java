package io.streamlocks.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * The membership of this process in a group of workers that share streams. {@link StreamLockClient#group} returns one.
 * The coordinator computes how many streams each member should hold. A {@link
 * io.streamlocks.client.session.SessionRegistry} with a group does the rest by itself.
 *
 * <p>The process is a member from its first report until it {@linkplain #leave() leaves}, or until it has not reported
 * for as long as a lease lasts.
 *
 * <p>This class is thread-safe. Each call blocks for one request, and none is repeated. The calls throw:
 *
 * <ul>
 *   <li>a {@link CoordinatorUnavailableException} if there was no usable answer,
 *   <li>a {@link CoordinatorRefusedException} if the coordinator refused the call. A server of a version without groups
 *       refuses with 404,
 *   <li>an {@link IllegalStateException} if the client is closed.
 * </ul>
 */
public final class GroupMember {

    private final String groupId;
    private final String ownerId;
    private final GroupCalls calls;
    private final Acquirer acquirer;
    private final Timing timing;
    private final Admission admission;

    /**
     * The answer to a report.
     *
     * @param members the number of live members
     * @param held the number of leases that all of them hold
     * @param wanted the number of streams that they share
     * @param share how many streams this member should hold
     * @param missing how many leases all members together lack to their shares
     */
    public record Standing(int members, int held, int wanted, int share, int missing) {}

    /**
     * A member of the group.
     *
     * @param ownerId the owner id of the process
     * @param held the number of leases that it held at its latest report
     * @param share how many it should hold
     */
    public record Share(String ownerId, int held, int share) {}

    /**
     * What became of streams that were tried together. Each is in one of the three.
     *
     * @param granted the leases that were granted
     * @param held the streams that were not free, each with the owner that holds it. The owner is empty if others wait
     *     for the stream, or an operator keeps it closed
     * @param failed the streams without a usable answer, each with the failure
     */
    public record Tried(
            List<HeldLease> granted, Map<String, Optional<String>> held, Map<String, RuntimeException> failed) {}

    GroupMember(
            String groupId, String ownerId, GroupCalls calls, Acquirer acquirer, Timing timing, Admission admission) {
        if (groupId.isEmpty()) {
            throw new IllegalArgumentException("groupId must not be empty");
        }
        Acquirer.requireSendable("groupId", groupId);
        this.groupId = groupId;
        this.ownerId = ownerId;
        this.calls = calls;
        this.acquirer = acquirer;
        this.timing = timing;
        this.admission = admission;
    }

    /** Returns the group. */
    public String groupId() {
        return groupId;
    }

    /** Returns the owner id of this process. */
    public String ownerId() {
        return ownerId;
    }

    /** Returns the time between two reports: that between two renewals. */
    public Duration interval() {
        return timing.interval();
    }

    /**
     * Returns a future that is done when the client has next renewed its leases, and so knows how many others
     * {@linkplain HeldLease#waiting() wait} for their streams. It is never done while the client holds none, and never
     * fails. Its dependents must not block, because they run on the thread that renews.
     */
    public CompletableFuture<Void> nextRenewal() {
        return acquirer.nextRenewal().copy();
    }

    /**
     * Reports to the group, and becomes a member by that.
     *
     * @param held the number of leases that this process holds, without those that it is about to hand over
     * @param wanted the number of streams that it holds or has work for, at least as many as it holds
     * @param capacity the most streams that it can hold; empty for any number
     * @return the share
     */
    public Standing report(int held, int wanted, OptionalInt capacity) {
        Duration ttl = timing.ttl().orElseGet(timing::longestLease);
        admission.enter();
        try {
            return calls.report(groupId, ownerId, new GroupCalls.Report(held, wanted, capacity, ttl));
        } finally {
            admission.leave();
        }
    }

    /** Returns the live members in the order of their owner ids; none if there is none. */
    public List<Share> shares() {
        admission.enter();
        try {
            return calls.shares(groupId);
        } finally {
            admission.leave();
        }
    }

    /**
     * Acquires the leases of those streams that are free, with one request for each thousand. Streams that a request
     * without a usable answer may have been granted are released in the background.
     *
     * @param streamIds the streams, each at most once
     */
    public Tried tryAcquireAll(Collection<String> streamIds) {
        return acquirer.tryAcquireAll(Objects.requireNonNull(streamIds, "streamIds"));
    }

    /** Ends the membership, so that the shares of the others rise at once. The next report begins it again. */
    public void leave() {
        admission.enter();
        try {
            calls.leave(groupId, ownerId);
        } finally {
            admission.leave();
        }
    }
}
