package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LossReason;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * An error as the API shows it (RFC 9457).
 *
 * @param field the field, parameter or header at fault, if one is
 * @param holder who holds the lock, with {@code lock-held}
 * @param reason why the lease is lost, with {@code lease-lost}
 * @param breakReason what the operator gave as the reason, if it was broken
 * @param opensInMs how long the stream stays closed, with {@code lock-delayed}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
        String type,
        String title,
        int status,
        String code,
        String detail,
        String field,
        Holder holder,
        String reason,
        String breakReason,
        Long opensInMs) {

    static final String CONTENT_TYPE = "application/problem+json";

    /** Who holds a lock; never with the lease id, which would let the reader take the lease over. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Holder(String ownerId, long fencingToken, Map<String, String> labels, long expiresInMs) {

        static Holder of(Lock lock) {
            return new Holder(
                    lock.ownerId(),
                    lock.fencingToken(),
                    Responses.orNull(lock.labels()),
                    lock.expiresIn().toMillis());
        }
    }

    static Problem of(ProblemType type, String detail) {
        return of(type, detail, null, null);
    }

    static Problem ofField(ProblemType type, String field, String detail) {
        return of(type, detail, field, null);
    }

    /** What the caller may not do; the same whether there is such a lock or not. */
    static Problem forbidden(ForbiddenException e) {
        return of(ProblemType.FORBIDDEN, e.getMessage(), e.field().orElse(null), null);
    }

    static Problem lockHeld(Lock holder) {
        return of(ProblemType.LOCK_HELD, "Another lease of this stream is live.", null, Holder.of(holder));
    }

    static Problem fencingTokenChanged(Lock holder) {
        return of(
                ProblemType.FENCING_TOKEN_CHANGED,
                "Another lease is live than the one with expectedFencingToken. It was left alone.",
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
                "An operator broke the last lease and keeps the stream closed for a while.",
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
                "This lease was granted before and is over. Ask with a new lease id.");
    }

    static Problem blocked() {
        return of(
                ProblemType.STORAGE_UNAVAILABLE,
                "Another transaction has this stream locked in the database. Nothing was changed; try again.");
    }

    static Problem undecided() {
        return of(
                ProblemType.OVERLOADED,
                "There was no time for this request, as others went first. Nothing was changed; try again.");
    }

    static Problem leaseLost(LossReason reason, Optional<String> breakReason) {
        String detail =
                switch (reason) {
                    case EXPIRED -> "The lease ran out before this call.";
                    case SUPERSEDED -> "Another lease of this stream has been granted since.";
                    case RELEASED -> "The lease was released.";
                    case BROKEN -> "An operator ended the lease.";
                    case UNKNOWN -> "There is no trace of this lease.";
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
                Responses.name(reason),
                breakReason.orElse(null),
                null);
    }

    /** The same with a status of its kind, as 431 is one of 400. */
    Problem withStatus(int otherStatus) {
        return new Problem(type, title, otherStatus, code, detail, field, holder, reason, breakReason, opensInMs);
    }

    /** The same of a field that stands elsewhere. */
    Problem withField(String otherField) {
        return new Problem(type, title, status, code, detail, otherField, holder, reason, breakReason, opensInMs);
    }

    private static Problem of(ProblemType type, String detail, String field, Holder holder) {
        return new Problem(type.uri(), type.title, type.status, type.code(), detail, field, holder, null, null, null);
    }
}
