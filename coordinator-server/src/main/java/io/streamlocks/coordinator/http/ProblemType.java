package io.streamlocks.coordinator.http;

import java.util.Locale;

/** The errors of the API. The name, in lower case with hyphens, is the stable {@code code} of a problem. */
enum ProblemType {
    MALFORMED_JSON(400, "The body is not valid JSON"),
    INVALID_FIELD(400, "A field is not valid"),
    UNAUTHENTICATED(401, "The caller is not authenticated"),
    FORBIDDEN(403, "The caller is not allowed to do this"),
    NOT_FOUND(404, "There is no such path"),
    NOT_LOCKED(404, "The stream is not locked"),
    NO_MEMBER(404, "There is no such member"),
    METHOD_NOT_ALLOWED(405, "The method is not allowed"),
    LOCK_HELD(409, "The lock is held"),
    LOCK_AWAITED(409, "Others wait for the lock"),
    LOCK_DELAYED(409, "The stream is closed for a while"),
    LEASE_ID_USED(409, "The lease id was used before"),
    LEASE_LOST(410, "The lease is lost"),
    FENCING_TOKEN_CHANGED(412, "Another lease is live"),
    BODY_TOO_LARGE(413, "The body is too large"),
    UNSUPPORTED_MEDIA_TYPE(415, "The content type is not supported"),
    MISDIRECTED(421, "The request is for another host"),
    RATE_LIMITED(429, "There are too many calls"),
    TOO_MANY_LEASES(429, "The owner has too many leases"),
    TOO_MANY_WAITERS(429, "Too many callers wait"),
    TOO_MANY_MEMBERS(429, "The group has too many members"),
    BAD_REQUEST(400, "The request is not valid HTTP"),
    INTERNAL_ERROR(500, "Internal error"),
    STORAGE_UNAVAILABLE(503, "The storage is unavailable"),
    KEYS_UNAVAILABLE(503, "Tokens cannot be verified"),
    OVERLOADED(503, "The server is overloaded"),
    DRAINING(503, "The server is stopping");

    final int status;
    final String title;

    ProblemType(int status, String title) {
        this.status = status;
        this.title = title;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String uri() {
        return "urn:problem-type:stream-locks:" + code();
    }
}
