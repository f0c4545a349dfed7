package io.streamlocks.client;

import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.AcquireRequest;
import io.streamlocks.client.generated.model.BatchReleaseItem;
import io.streamlocks.client.generated.model.BatchReleaseRequest;
import io.streamlocks.client.generated.model.BatchRenewItem;
import io.streamlocks.client.generated.model.BatchRenewRequest;
import io.streamlocks.client.generated.model.Lease;
import io.streamlocks.client.generated.model.LeaseResult;
import io.streamlocks.client.generated.model.Problem;
import io.streamlocks.client.generated.model.ReleaseRequest;
import io.streamlocks.client.generated.model.ReleaseResult;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The three calls that a holder makes, in its own terms. Held and lost are values; no usable answer is a {@link
 * CoordinatorUnavailableException}, and an answer that says the call was wrong a {@link CoordinatorRefusedException}.
 * Each call blocks as {@link CoordinatorHttp} says. Thread-safe.
 */
final class LeaseCalls implements AutoCloseable {

    /** The most that one batch call takes. */
    static final int MAX_BATCH = 1000;

    /** Below the megabyte of body that the coordinator takes. */
    static final int MAX_BATCH_BYTES = 1_000_000;

    /** Which lease: what a renewal and a release need. */
    record LeaseKey(String streamId, UUID leaseId) {
        /** Without the lease id, which is a secret. */
        @Override
        public String toString() {
            return "lease of " + streamId;
        }
    }

    /**
     * A grant.
     *
     * @param fencingToken its token
     * @param expiresIn what the coordinator said was left
     */
    record Grant(long fencingToken, Duration expiresIn) {}

    /** What became of one renewal. */
    sealed interface Renewal {
        record Renewed(Duration expiresIn) implements Renewal {}

        record Lost(LossReason reason) implements Renewal {}

        /** This item alone had no usable answer. */
        record Unknown(RuntimeException cause) implements Renewal {}
    }

    private final CoordinatorHttp http;
    private final Map<String, String> headers;

    LeaseCalls(CoordinatorHttp http, Optional<String> bearerToken) {
        this.http = http;
        this.headers = bearerToken
                .map(token -> Map.of("Authorization", "Bearer " + token))
                .orElse(Map.of());
    }

    /** Acquires the lease. Empty if somebody else holds the stream. */
    Optional<Grant> acquire(LeaseKey key, String ownerId, Duration ttl) {
        try {
            Lease lease = http.locks()
                    .acquireLock(
                            key.streamId(),
                            new AcquireRequest()
                                    .ownerId(ownerId)
                                    .leaseId(key.leaseId())
                                    .ttlMs(ttl.toMillis()),
                            headers);
            if (lease.getFencingToken() == null || lease.getExpiresInMs() == null) {
                throw new CoordinatorUnavailableException("The answer is not a lease", null);
            }
            return Optional.of(new Grant(lease.getFencingToken(), Duration.ofMillis(lease.getExpiresInMs())));
        } catch (ApiException e) {
            if (e.getCode() == 409
                    && "lock-held".equals(problem(e).map(Problem::getCode).orElse(null))) {
                return Optional.empty();
            }
            throw failure("acquire stream " + key.streamId(), e);
        }
    }

    /** Renews the leases, of which there are at most {@link #MAX_BATCH}. One outcome each, in order. */
    List<Renewal> renew(List<LeaseKey> keys) {
        List<BatchRenewItem> items = keys.stream()
                .map(key -> new BatchRenewItem().streamId(key.streamId()).leaseId(key.leaseId()))
                .toList();
        try {
            List<LeaseResult> results = http.locks()
                    .renewLocks(new BatchRenewRequest().items(items), headers)
                    .getResults();
            requireOneEach(keys, results);
            return results.stream().map(LeaseCalls::renewal).toList();
        } catch (ApiException e) {
            throw failure("renew " + keys.size() + " leases", e);
        }
    }

    private static Renewal renewal(LeaseResult result) {
        return switch (result.getStatus()) {
            case 200 -> new Renewal.Renewed(Duration.ofMillis(result.getLease().getExpiresInMs()));
            case 410 -> new Renewal.Lost(reason(result.getProblem()));
            default -> new Renewal.Unknown(failure("A renewal", result.getStatus(), result.getProblem()));
        };
    }

    /**
     * Releases the leases, of which there are at most {@link #MAX_BATCH}. One outcome each, in order: empty if the
     * lease is released, else why it was lost before.
     */
    List<Optional<LossReason>> release(List<LeaseKey> keys) {
        return keys.size() == 1 ? List.of(release(keys.get(0))) : releaseBatch(keys);
    }

    /** The usual case, and the one that somebody waits for: half the work of a batch of one, on both sides. */
    private Optional<LossReason> release(LeaseKey key) {
        try {
            http.locks().releaseLock(key.streamId(), new ReleaseRequest().leaseId(key.leaseId()), headers);
            return Optional.empty();
        } catch (ApiException e) {
            if (e.getCode() == 410) {
                return Optional.of(reason(problem(e).orElse(null)));
            }
            throw failure("release stream " + key.streamId(), e);
        }
    }

    private List<Optional<LossReason>> releaseBatch(List<LeaseKey> keys) {
        List<BatchReleaseItem> items = keys.stream()
                .map(key -> new BatchReleaseItem().streamId(key.streamId()).leaseId(key.leaseId()))
                .toList();
        try {
            List<ReleaseResult> results = http.locks()
                    .releaseLocks(new BatchReleaseRequest().items(items), headers)
                    .getResults();
            requireOneEach(keys, results);
            return results.stream().map(LeaseCalls::released).toList();
        } catch (ApiException e) {
            throw failure("release " + keys.size() + " leases", e);
        }
    }

    private static Optional<LossReason> released(ReleaseResult result) {
        return switch (result.getStatus()) {
            case 204 -> Optional.empty();
            case 410 -> Optional.of(reason(result.getProblem()));
            // Not a loss. The others may have been released; to release them again does no harm.
            default -> throw failure("A release", result.getStatus(), result.getProblem());
        };
    }

    @Override
    public void close() {
        http.close();
    }

    private static void requireOneEach(List<LeaseKey> keys, List<?> results) {
        if (results == null || results.size() != keys.size()) {
            throw new CoordinatorUnavailableException("The answer has not one result for each item", null);
        }
    }

    private Optional<Problem> problem(ApiException e) {
        try {
            return Optional.ofNullable(
                    http.locks().getApiClient().getObjectMapper().readValue(e.getResponseBody(), Problem.class));
        } catch (com.fasterxml.jackson.core.JsonProcessingException | IllegalArgumentException notAProblem) {
            // A proxy's page, or no body: the status has to do.
            return Optional.empty();
        }
    }

    private RuntimeException failure(String what, ApiException e) {
        String detail = problem(e)
                .map(LeaseCalls::text)
                .orElseGet(() -> e.getCode() == 0 ? String.valueOf(e.getMessage()) : "status " + e.getCode());
        String message = "The coordinator failed to " + what + ": " + detail;
        return isRefused(e.getCode())
                ? new CoordinatorRefusedException(message, e.getCode(), e)
                : new CoordinatorUnavailableException(message, e, retryAfter(e));
    }

    /** The same of an item of a batch. */
    private static RuntimeException failure(String what, int status, Problem problem) {
        String message = what + " was answered with " + (problem == null ? status : text(problem));
        return isRefused(status)
                ? new CoordinatorRefusedException(message, status, null)
                : new CoordinatorUnavailableException(message, null);
    }

    private static String text(Problem problem) {
        return problem.getCode() + ": " + problem.getDetail();
    }

    /** 429 and 5xx may pass by themselves; what else is an error will not. */
    private static boolean isRefused(int status) {
        return status >= 400 && status < 500 && status != 408 && status != 429;
    }

    /** Of a 429 alone: a 503 is of one server, and the next try may reach another. */
    private static Duration retryAfter(ApiException e) {
        List<String> values = e.getCode() == 429 ? e.getResponseHeaders().get("Retry-After") : null;
        return values != null && values.size() == 1 && values.get(0).matches("[0-9]{1,5}")
                ? Duration.ofSeconds(Long.parseLong(values.get(0)))
                : Duration.ZERO;
    }

    private static LossReason reason(Problem problem) {
        if (problem == null || problem.getReason() == null) {
            return LossReason.UNKNOWN;
        }
        return switch (problem.getReason()) {
            case EXPIRED -> LossReason.EXPIRED;
            case SUPERSEDED -> LossReason.SUPERSEDED;
            case RELEASED -> LossReason.RELEASED;
            case BROKEN -> LossReason.BROKEN;
            default -> LossReason.UNKNOWN;
        };
    }
}
