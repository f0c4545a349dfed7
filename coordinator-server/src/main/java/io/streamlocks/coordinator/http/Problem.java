package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LossReason;
import java.util.Locale;

/**
 * An error as the API shows it (RFC 9457).
 *
 * @param field the field, parameter or header at fault, if one is
 * @param holder who holds the lock, with {@code lock-held}
 * @param reason why the lease is lost, with {@code lease-lost}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
        String type, String title, int status, String code, String detail, String field, Holder holder, String reason) {

    static final String CONTENT_TYPE = "application/problem+json";

    /** Who holds a lock; never with the lease id, which would let the reader take the lease over. */
    record Holder(String ownerId, long fencingToken, long expiresInMs) {}

    static Problem of(ProblemType type, String detail) {
        return of(type, detail, null, null, null);
    }

    static Problem ofField(ProblemType type, String field, String detail) {
        return of(type, detail, field, null, null);
    }

    /** What the caller may not do; the same whether there is such a lock or not. */
    static Problem forbidden(ForbiddenException e) {
        return of(ProblemType.FORBIDDEN, e.getMessage(), e.field().orElse(null), null, null);
    }

    static Problem lockHeld(Lock holder) {
        Holder shown = new Holder(
                holder.ownerId(), holder.fencingToken(), holder.expiresIn().toMillis());
        return of(ProblemType.LOCK_HELD, "Another lease of this stream is live.", null, shown, null);
    }

    static Problem leaseIdUsed() {
        return ofField(
                ProblemType.LEASE_ID_USED,
                "leaseId",
                "This lease was granted before and is over. Ask with a new lease id.");
    }

    static Problem leaseLost(LossReason reason) {
        String detail =
                switch (reason) {
                    case EXPIRED -> "The lease ran out before this call.";
                    case SUPERSEDED -> "Another lease of this stream has been granted since.";
                    case RELEASED -> "The lease was released.";
                    case UNKNOWN -> "There is no trace of this lease.";
                };
        return of(ProblemType.LEASE_LOST, detail, null, null, reason.name().toLowerCase(Locale.ROOT));
    }

    /** The same with a status of its kind, as 431 is one of 400. */
    Problem withStatus(int otherStatus) {
        return new Problem(type, title, otherStatus, code, detail, field, holder, reason);
    }

    /** The same of a field that stands elsewhere. */
    Problem withField(String otherField) {
        return new Problem(type, title, status, code, detail, otherField, holder, reason);
    }

    private static Problem of(ProblemType type, String detail, String field, Holder holder, String reason) {
        return new Problem(type.uri(), type.title, type.status, type.code(), detail, field, holder, reason);
    }
}
