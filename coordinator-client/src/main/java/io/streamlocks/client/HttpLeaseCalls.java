package io.streamlocks.client;

import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.BatchAcquireItem;
import io.streamlocks.client.generated.model.BatchAcquireRequest;
import io.streamlocks.client.generated.model.BatchReleaseItem;
import io.streamlocks.client.generated.model.BatchReleaseRequest;
import io.streamlocks.client.generated.model.BatchRenewItem;
import io.streamlocks.client.generated.model.BatchRenewRequest;
import io.streamlocks.client.generated.model.Lease;
import io.streamlocks.client.generated.model.LeaseResult;
import io.streamlocks.client.generated.model.Problem;
import io.streamlocks.client.generated.model.ReleaseResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * {@link LeaseCalls} over HTTP. Each request blocks as {@link CoordinatorHttp} says. Also a single stream goes by a batch
 * call, with its id in the body: proxies resolve, decode and normalize paths. Thread-safe.
 */
final class HttpLeaseCalls extends LeaseCalls {

    /** The Retry-After of a single call, which an item of a batch lacks. */
    private static final Duration RETRY_TOO_MANY_LEASES_AFTER = Duration.ofSeconds(5);

    private final CoordinatorHttp http;
    private final Map<String, String> headers;
    private final Map<String, String> labels;

    /**
     * @param http the calls
     * @param bearerToken what the coordinator knows this process by
     * @param labels goes along with each acquire; empty for nothing
     */
    HttpLeaseCalls(CoordinatorHttp http, Optional<String> bearerToken, Map<String, String> labels) {
        super(ClientRuntime.JVM);
        this.http = http;
        this.labels = labels;
        this.headers = bearerToken
                .map(token -> Map.of("Authorization", "Bearer " + token))
                .orElse(Map.of());
    }

    @Override
    List<Acquired> acquireAll(List<Acquire> acquires) {
        List<BatchAcquireItem> items = acquires.stream()
                .map(acquire -> new BatchAcquireItem()
                        .streamId(acquire.key().streamId())
                        .ownerId(acquire.ownerId())
                        .leaseId(acquire.key().leaseId())
                        .ttlMs(acquire.ttl().toMillis())
                        .labels(labelsOrNull()))
                .toList();
        try {
            List<LeaseResult> results = http.locks()
                    .acquireLocks(new BatchAcquireRequest().items(items), headers)
                    .getResults();
            requireOneEach(acquires, results, LeaseResult::getStatus);
            List<Acquired> acquired = new ArrayList<>();
            for (int i = 0; i < results.size(); i++) {
                acquired.add(acquired(acquires.get(i), results.get(i)));
            }
            return acquired;
        } catch (ApiException e) {
            String what =
                    acquires.size() == 1 ? "stream " + acquires.get(0).key().streamId() : acquires.size() + " streams";
            throw failure("acquire " + what, e);
        }
    }

    private static Acquired acquired(Acquire acquire, LeaseResult result) {
        int status = result.getStatus();
        RuntimeException wrong = wrong(acquire.key(), result).orElse(null);
        if (wrong != null) {
            return new Acquired(Optional.empty(), wrong);
        }
        if (status == 200) {
            Lease lease = result.getLease();
            return new Acquired(
                    Optional.of(new Grant(lease.getFencingToken(), Duration.ofMillis(lease.getExpiresInMs()))), null);
        }
        return new Acquired(
                Optional.empty(),
                isHeld(status, result.getProblem())
                        ? null
                        : failure("acquire stream " + acquire.key().streamId(), status, result.getProblem(), null));
    }

    private static Optional<RuntimeException> wrong(LeaseKey asked, LeaseResult result) {
        return result.getStatus() == 200 ? wrong(asked, result.getLease()) : wrong(asked, result.getStreamId());
    }

    /**
     * The same of a result without a lease, as a loss. Older servers do not say which stream it is about.
     *
     * @param streamId null if the server has not said it
     */
    private static Optional<RuntimeException> wrong(LeaseKey asked, String streamId) {
        return streamId == null || streamId.equals(asked.streamId())
                ? Optional.empty()
                : Optional.of(forAnotherStream(asked, streamId));
    }

    private static CoordinatorUnavailableException forAnotherStream(LeaseKey asked, String streamId) {
        return new CoordinatorUnavailableException(
                "The answer is for stream \"" + streamId + "\", but the call was for stream \"" + asked.streamId()
                        + "\": a proxy or gateway on the way changes paths or bodies",
                null);
    }

    /**
     * What is wrong with a lease that answers a call, if anything. The coordinator answers what it was asked; somebody
     * between may ask for something else than was sent, or answer something else than was asked. What became of the call
     * is unknown then.
     */
    private static Optional<RuntimeException> wrong(LeaseKey asked, Lease lease) {
        if (lease == null || lease.getFencingToken() == null || lease.getExpiresInMs() == null) {
            return Optional.of(new CoordinatorUnavailableException("The answer is not a lease", null));
        }
        if (!asked.streamId().equals(lease.getStreamId())) {
            return Optional.of(forAnotherStream(asked, lease.getStreamId()));
        }
        if (!asked.leaseId().equals(lease.getLeaseId())) {
            return Optional.of(new CoordinatorUnavailableException(
                    "The answer is for another lease of stream \"" + asked.streamId()
                            + "\" than the call: a proxy or gateway on the way changes bodies, or repeats answers",
                    null));
        }
        return Optional.empty();
    }

    private static boolean isHeld(int status, Problem problem) {
        String code = problem == null ? null : problem.getCode();
        return status == 409 && ("lock-held".equals(code) || "lock-delayed".equals(code));
    }

    private Map<String, String> labelsOrNull() {
        return labels.isEmpty() ? null : labels;
    }

    @Override
    List<Renewal> renew(List<LeaseKey> keys) {
        List<BatchRenewItem> items = keys.stream()
                .map(key -> new BatchRenewItem().streamId(key.streamId()).leaseId(key.leaseId()))
                .toList();
        try {
            List<LeaseResult> results = http.locks()
                    .renewLocks(new BatchRenewRequest().items(items), headers)
                    .getResults();
            requireOneEach(keys, results, LeaseResult::getStatus);
            List<Renewal> renewals = new ArrayList<>();
            for (int i = 0; i < results.size(); i++) {
                renewals.add(renewal(keys.get(i), results.get(i)));
            }
            return renewals;
        } catch (ApiException e) {
            throw failure("renew " + keys.size() + " leases", e);
        }
    }

    private static Renewal renewal(LeaseKey key, LeaseResult result) {
        RuntimeException wrong = wrong(key, result).orElse(null);
        if (wrong != null) {
            return new Renewal.Unknown(wrong);
        }
        return switch (result.getStatus()) {
            case 200 -> new Renewal.Renewed(Duration.ofMillis(result.getLease().getExpiresInMs()));
            case 410 ->
                new Renewal.Lost(
                        reason(result.getProblem()),
                        Optional.ofNullable(result.getProblem()).map(Problem::getBreakReason));
            default -> new Renewal.Unknown(failure("renew a lease", result.getStatus(), result.getProblem(), null));
        };
    }

    @Override
    List<Release> releaseAll(List<LeaseKey> keys) {
        List<BatchReleaseItem> items = keys.stream()
                .map(key -> new BatchReleaseItem().streamId(key.streamId()).leaseId(key.leaseId()))
                .toList();
        try {
            List<ReleaseResult> results = http.locks()
                    .releaseLocks(new BatchReleaseRequest().items(items), headers)
                    .getResults();
            requireOneEach(keys, results, ReleaseResult::getStatus);
            List<Release> releases = new ArrayList<>();
            for (int i = 0; i < results.size(); i++) {
                releases.add(released(keys.get(i), results.get(i)));
            }
            return releases;
        } catch (ApiException e) {
            throw failure("release " + keys.size() + " leases", e);
        }
    }

    private static Release released(LeaseKey key, ReleaseResult result) {
        RuntimeException wrong = wrong(key, result.getStreamId()).orElse(null);
        if (wrong != null) {
            return new Release.Unknown(wrong);
        }
        return switch (result.getStatus()) {
            case 204 -> new Release.Released();
            case 410 -> new Release.Lost(reason(result.getProblem()));
            default -> new Release.Unknown(failure("release a lease", result.getStatus(), result.getProblem(), null));
        };
    }

    @Override
    public void close() {
        http.close();
    }

    private static <T> void requireOneEach(List<?> calls, List<T> results, Function<T, Integer> status) {
        if (results == null
                || results.size() != calls.size()
                || results.stream().anyMatch(result -> result == null || status.apply(result) == null)) {
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
        return failure(what, e.getCode(), problem(e).orElse(null), e);
    }

    /** The same of an item of a batch, which has no cause. */
    private static RuntimeException failure(String what, int status, Problem problem, ApiException cause) {
        String code = problem == null ? null : problem.getCode();
        String detail;
        if (code != null) {
            detail = code + ": " + problem.getDetail();
        } else {
            // No item of a batch has the status 0 by rights, and if one has, it lacks a cause all the same.
            detail = status == 0 && cause != null ? String.valueOf(cause.getMessage()) : "status " + status;
        }
        String message = "The coordinator failed to " + what + ": " + detail;
        if (isRefused(status)) {
            return new CoordinatorRefusedException(message, status, cause);
        }
        boolean tooManyLeases = status == 429 && "too-many-leases".equals(code);
        // Another 429, as that of a proxy, may come from somebody who does not know what became of the call.
        boolean tooMany = tooManyLeases || (status == 429 && "rate-limited".equals(code));
        Duration itemRetryAfter = tooManyLeases ? RETRY_TOO_MANY_LEASES_AFTER : Duration.ZERO;
        return new CoordinatorUnavailableException(
                message, cause, cause == null ? itemRetryAfter : retryAfter(cause), tooMany);
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
