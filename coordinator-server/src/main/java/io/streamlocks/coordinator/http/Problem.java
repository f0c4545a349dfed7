package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LossReason;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An error as the API shows it (RFC 9457).
 *
 * @param field the field, parameter or header at fault, if there is one
 * @param holder the holder of the lock, with {@code lock-held}
 * @param position the caller's position in the queue, with {@code lock-held} and {@code lock-awaited}
 * @param reason how the lease was lost, with {@code lease-lost}
 * @param breakReason the reason that the operator gave, if the lease was broken
 * @param opensInMs how long the stream stays closed, with {@code lock-delayed}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
        String type,
        String title,
        int status,
        String code,
        String detail,
        @Nullable String field,
        @Nullable Holder holder,
        @Nullable Integer position,
        @Nullable String reason,
        @Nullable String breakReason,
        @Nullable Long opensInMs)
        implements Response.WithBody, Response.ForItem {

    static final String CONTENT_TYPE = "application/problem+json";

    private static final Duration RETRY_SERVER_AFTER = Duration.ofSeconds(1);
    private static final Duration RETRY_GROUP_AFTER = Duration.ofSeconds(10);

    /** Checks the status, because a client would take a problem below 400 for a success. */
    Problem {
        if (status < 400) {
            throw new IllegalArgumentException("The status of a problem must be 400 or above, not " + status);
        }
    }

    /** The holder of a lock. It never contains the lease id, with which the reader could take over the lease. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Holder(
            String ownerId,
            long fencingToken,
            @Nullable Map<String, String> labels,
            long expiresInMs,
            @Nullable Integer waiting) {

        static Holder of(Lock lock) {
            return new Holder(
                    lock.ownerId(),
                    lock.fencingToken(),
                    Bodies.orNull(lock.owner().labels()),
                    lock.expiresIn().toMillis(),
                    Bodies.orNull(lock.waiting()));
        }
    }

    static Problem of(ProblemType type, String detail) {
        return of(type, detail, null, null);
    }

    static Problem ofField(ProblemType type, String field, String detail) {
        return of(type, detail, field, null);
    }

    /** Refuses something that the caller may not do. The problem is the same whether there is such a lock or not. */
    static Problem forbidden(ForbiddenException e) {
        return of(ProblemType.FORBIDDEN, e.getMessage(), e.field().orElse(null), null);
    }

    static Problem lockHeld(Lock holder, OptionalInt position) {
        return of(ProblemType.LOCK_HELD, "Another lease of this stream is live.", null, Holder.of(holder))
                .withPosition(position);
    }

    static Problem lockAwaited(OptionalInt position) {
        return of(
                        ProblemType.LOCK_AWAITED,
                        "No lease of this stream is live, but other callers wait for it and come first.")
                .withPosition(position);
    }

    static Problem notLocked() {
        return of(ProblemType.NOT_LOCKED, "No live lease exists for this stream.");
    }

    static Problem fencingTokenChanged(Lock holder) {
        return of(
                ProblemType.FENCING_TOKEN_CHANGED,
                "The live lease is not the one with expectedFencingToken. It was not broken.",
                "expectedFencingToken",
                Holder.of(holder));
    }

    static Problem lockDelayed(Duration opensIn) {
        ProblemType type = ProblemType.LOCK_DELAYED;
        return new Problem(
                type.uri(),
                type.title,
                type.status,
                type.code(),
                "The stream is closed for a while: an operator broke its last lease, or the database has failed over.",
                null,
                null,
                null,
                null,
                null,
                opensIn.toMillis());
    }

    static Problem leaseIdUsed() {
        return ofField(
                ProblemType.LEASE_ID_USED,
                "leaseId",
                "This lease was granted before and has ended. Use a new lease id.");
    }

    static Problem tooManyLeases() {
        return ofField(
                ProblemType.TOO_MANY_LEASES,
                "ownerId",
                "This owner has as many live leases as it may have. Try again later.");
    }

    static Problem tooManyWaitersOfOwner() {
        return ofField(
                ProblemType.TOO_MANY_WAITERS,
                "ownerId",
                "This owner waits for as many streams as it may. Try again later.");
    }

    static Problem tooManyWaiters() {
        return of(
                ProblemType.TOO_MANY_WAITERS,
                "As many callers wait as this server supports, in total or of one caller. Try again later.");
    }

    static Problem noMember(String detail) {
        return of(ProblemType.NO_MEMBER, detail);
    }

    static Problem tooManyMembers() {
        return ofField(
                ProblemType.TOO_MANY_MEMBERS,
                "groupId",
                "The group has " + Limits.MAX_GROUP_MEMBERS + " members, as many as it may have. Try again later.");
    }

    static Problem blocked() {
        return of(
                ProblemType.STORAGE_UNAVAILABLE,
                "Another transaction has this stream locked in the database. Nothing was changed; try again.");
    }

    static Problem undecided() {
        return of(
                ProblemType.OVERLOADED,
                "There was no time for this request because others came first. Nothing was changed; try again.");
    }

    static Problem leaseLost(LossReason reason, Optional<String> breakReason) {
        String detail =
                switch (reason) {
                    case EXPIRED -> "The lease expired before this call.";
                    case SUPERSEDED -> "Another lease of this stream has been granted since.";
                    case RELEASED -> "The lease was released.";
                    case BROKEN -> "An operator ended the lease.";
                    case UNKNOWN -> "The server has no record of this lease.";
                };
        ProblemType type = ProblemType.LEASE_LOST;
        return new Problem(
                type.uri(),
                type.title,
                type.status,
                type.code(),
                detail,
                null,
                null,
                null,
                Bodies.name(reason),
                breakReason.orElse(null),
                null);
    }

    /** Returns the same problem with a status of its kind, as 431 is one of 400. */
    Problem withStatus(int otherStatus) {
        return new Problem(
                type, title, otherStatus, code, detail, field, holder, position, reason, breakReason, opensInMs);
    }

    /** Returns the same problem of a field that has another path. */
    Problem withField(String otherField) {
        return new Problem(
                type, title, status, code, detail, otherField, holder, position, reason, breakReason, opensInMs);
    }

    private Problem withPosition(OptionalInt other) {
        return new Problem(
                type,
                title,
                status,
                code,
                detail,
                field,
                holder,
                other.isPresent() ? (Integer) other.getAsInt() : null,
                reason,
                breakReason,
                opensInMs);
    }

    private static Problem of(ProblemType type, String detail, @Nullable String field, @Nullable Holder holder) {
        return new Problem(
                type.uri(), type.title, type.status, type.code(), detail, field, holder, null, null, null, null);
    }

    @Override
    public int statusCode() {
        return status;
    }

    @Override
    public String contentType() {
        return CONTENT_TYPE;
    }

    @Override
    public byte[] bytes(String requestId) {
        return Json.write(new Bodies.ProblemBody(this, requestId));
    }

    @Override
    public void addHeaders(BiConsumer<String, String> header) {
        if (status == 409 && holder != null) {
            header.accept(RetryAfter.HEADER, RetryAfter.seconds(holder.expiresInMs()));
        } else if (opensInMs != null) {
            header.accept(RetryAfter.HEADER, RetryAfter.seconds(opensInMs));
        } else if (status == 503 || code.equals(ProblemType.TOO_MANY_WAITERS.code())) {
            header.accept(RetryAfter.HEADER, RetryAfter.seconds(RETRY_SERVER_AFTER));
        } else if (code.equals(ProblemType.TOO_MANY_LEASES.code())) {
            header.accept(RetryAfter.HEADER, RetryAfter.seconds(OwnerCap.REFRESH_INTERVAL));
        } else if (code.equals(ProblemType.TOO_MANY_MEMBERS.code())) {
            header.accept(RetryAfter.HEADER, RetryAfter.seconds(RETRY_GROUP_AFTER));
        } else if (status == 401) {
            header.accept("WWW-Authenticate", "Bearer");
        }
    }

    @Override
    public Bodies.Item inBatch(String path, String streamId) {
        return Bodies.Item.refused(streamId, within(path));
    }

    /** Returns the same problem of an item of a batch. */
    Problem within(String path) {
        return field == null ? this : withField(path + "." + field);
    }
}
