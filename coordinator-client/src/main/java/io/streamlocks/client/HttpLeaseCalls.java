package io.streamlocks.client;

import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.BatchAcquireItem;
import io.streamlocks.client.generated.model.BatchAcquireRequest;
import io.streamlocks.client.generated.model.BatchReleaseItem;
import io.streamlocks.client.generated.model.BatchReleaseRequest;
import io.streamlocks.client.generated.model.BatchRenewItem;
import io.streamlocks.client.generated.model.BatchRenewRequest;
import io.streamlocks.client.generated.model.Holder;
import io.streamlocks.client.generated.model.Lease;
import io.streamlocks.client.generated.model.LeaseResult;
import io.streamlocks.client.generated.model.Problem;
import io.streamlocks.client.generated.model.ReleaseResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@link LeaseCalls} over HTTP. Each request blocks as {@link CoordinatorHttp} says. A single stream goes by a batch
 * call, too, with its id in the body, because proxies resolve, decode and normalize paths. This class is thread-safe.
 */
final class HttpLeaseCalls extends LeaseCalls {

    private final CoordinatorHttp http;
    private final CallFailures failures;
    private final Supplier<Map<String, String>> headers;

    /**
     * @param http the calls
     * @param headers returns what goes along with a call that begins now
     */
    HttpLeaseCalls(CoordinatorHttp http, Supplier<Map<String, String>> headers) {
        super(ClientRuntime.JVM);
        this.http = http;
        this.failures = new CallFailures(http.locks().getApiClient().getObjectMapper());
        this.headers = headers;
    }

    @Override
    List<Acquired> acquireAll(List<Acquire> acquires, Duration wait) {
        List<BatchAcquireItem> items = new ArrayList<>(acquires.size());
        for (Acquire acquire : acquires) {
            items.add(acquire.owner()
                    .item()
                    .streamId(acquire.key().streamId())
                    .leaseId(acquire.key().leaseId())
                    .ttlMs(acquire.ttl().map(Duration::toMillis).orElse(null)));
        }
        // A request leaves out a field that is null.
        BatchAcquireRequest request =
                new BatchAcquireRequest().items(items).waitMs(wait.isZero() ? null : (int) wait.toMillis());
        try {
            List<LeaseResult> results =
                    http.locks().acquireLocks(request, headers.get()).getResults();
            return each(acquires, results, LeaseResult::getStatus, HttpLeaseCalls::acquired);
        } catch (ApiException e) {
            throw failure("acquire", acquires.stream().map(Acquire::key).toList(), e);
        }
    }

    private static Acquired acquired(Acquire acquire, LeaseResult result) {
        LeaseKey key = acquire.key();
        Optional<CoordinatorUnavailableException> wrong = wrong(key, result);
        if (wrong.isPresent()) {
            return new Acquired.Failed(wrong.get());
        }
        int status = result.getStatus();
        if (status == 200) {
            Lease lease = result.getLease();
            Duration expiresIn = Duration.ofMillis(lease.getExpiresInMs());
            Duration length = lease.getTtlMs() == null ? expiresIn : Duration.ofMillis(lease.getTtlMs());
            Duration waited = lease.getWaitedMs() == null ? Duration.ZERO : Duration.ofMillis(lease.getWaitedMs());
            return new Acquired.Granted(new Grant(lease.getFencingToken(), length, expiresIn, waited));
        }
        Problem problem = result.getProblem();
        return isHeld(status, problem)
                ? new Acquired.Held(holder(problem))
                : new Acquired.Failed(CallFailures.ofItem(
                        "acquire the lease of stream " + key.streamId(), key.streamId(), status, problem));
    }

    private static Optional<String> holder(@Nullable Problem problem) {
        return Optional.ofNullable(problem).map(Problem::getHolder).map(Holder::getOwnerId);
    }

    private static Optional<CoordinatorUnavailableException> wrong(LeaseKey asked, LeaseResult result) {
        return result.getStatus() == 200 ? wrong(asked, result.getLease()) : wrong(asked, result.getStreamId());
    }

    /**
     * Checks a result without a lease, such as a loss. Older servers do not name the stream.
     *
     * @param streamId null if the server has not named it
     */
    private static Optional<CoordinatorUnavailableException> wrong(LeaseKey asked, @Nullable String streamId) {
        return streamId == null || streamId.equals(asked.streamId())
                ? Optional.empty()
                : Optional.of(forAnotherStream(asked, streamId));
    }

    private static CoordinatorUnavailableException forAnotherStream(LeaseKey asked, @Nullable String streamId) {
        return unusable(
                asked,
                "The answer is for stream \"" + streamId + "\", but the call was for stream \"" + asked.streamId()
                        + "\": a proxy or gateway on the way changes paths or bodies");
    }

    private static CoordinatorUnavailableException unusable(LeaseKey asked, String message) {
        return new CoordinatorUnavailableException(message, Optional.of(asked.streamId()), Optional.empty());
    }

    /**
     * Checks a lease that answers a call. The coordinator answers the call that it received. A proxy can send another
     * call than it received, or return another answer. The outcome of the call is unknown then.
     */
    private static Optional<CoordinatorUnavailableException> wrong(LeaseKey asked, @Nullable Lease lease) {
        if (lease == null || lease.getFencingToken() == null || lease.getExpiresInMs() == null) {
            return Optional.of(unusable(asked, "The answer is not a lease"));
        }
        if (!asked.streamId().equals(lease.getStreamId())) {
            return Optional.of(forAnotherStream(asked, lease.getStreamId()));
        }
        if (!asked.leaseId().equals(lease.getLeaseId())) {
            return Optional.of(unusable(
                    asked,
                    "The answer is for another lease of stream \"" + asked.streamId()
                            + "\" than the call: a proxy or gateway on the way changes bodies, or repeats answers"));
        }
        return Optional.empty();
    }

    private static boolean isHeld(int status, @Nullable Problem problem) {
        String code = problem == null ? null : problem.getCode();
        return status == 409
                && ("lock-held".equals(code) || "lock-awaited".equals(code) || "lock-delayed".equals(code));
    }

    @Override
    List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
        List<BatchRenewItem> items = new ArrayList<>(keys.size());
        for (LeaseKey key : keys) {
            items.add(new BatchRenewItem()
                    .streamId(key.streamId())
                    .leaseId(key.leaseId())
                    .ttlMs(length.map(Duration::toMillis).orElse(null)));
        }
        try {
            List<LeaseResult> results = http.locks()
                    .renewLocks(new BatchRenewRequest().items(items), headers.get())
                    .getResults();
            return each(keys, results, LeaseResult::getStatus, HttpLeaseCalls::renewal);
        } catch (ApiException e) {
            throw failure("renew", keys, e);
        }
    }

    private static Renewal renewal(LeaseKey key, LeaseResult result) {
        Optional<CoordinatorUnavailableException> wrong = wrong(key, result);
        if (wrong.isPresent()) {
            return new Renewal.Unknown(wrong.get());
        }
        Problem problem = result.getProblem();
        return switch (result.getStatus()) {
            case 200 ->
                new Renewal.Renewed(
                        result.getLease().getFencingToken(),
                        Duration.ofMillis(result.getLease().getExpiresInMs()),
                        Objects.requireNonNullElse(result.getLease().getWaiting(), 0));
            case 410 ->
                new Renewal.Lost(reason(problem), Optional.ofNullable(problem).map(Problem::getBreakReason));
            default ->
                new Renewal.Unknown(CallFailures.ofItem(
                        "renew the lease of stream " + key.streamId(), key.streamId(), result.getStatus(), problem));
        };
    }

    @Override
    List<Release> releaseAll(List<LeaseKey> keys) {
        List<BatchReleaseItem> items = new ArrayList<>(keys.size());
        for (LeaseKey key : keys) {
            items.add(new BatchReleaseItem().streamId(key.streamId()).leaseId(key.leaseId()));
        }
        try {
            List<ReleaseResult> results = http.locks()
                    .releaseLocks(new BatchReleaseRequest().items(items), headers.get())
                    .getResults();
            return each(keys, results, ReleaseResult::getStatus, HttpLeaseCalls::released);
        } catch (ApiException e) {
            throw failure("release", keys, e);
        }
    }

    private static Release released(LeaseKey key, ReleaseResult result) {
        Optional<CoordinatorUnavailableException> wrong = wrong(key, result.getStreamId());
        if (wrong.isPresent()) {
            return new Release.Unknown(wrong.get());
        }
        Problem problem = result.getProblem();
        return switch (result.getStatus()) {
            case 204 -> new Release.Released();
            case 410 -> new Release.Lost(reason(problem));
            default ->
                new Release.Unknown(CallFailures.ofItem(
                        "release the lease of stream " + key.streamId(), key.streamId(), result.getStatus(), problem));
        };
    }

    @Override
    void checkReady() {
        try {
            http.operations().checkReadiness();
        } catch (ApiException e) {
            throw failures.ofCall("report that it is ready", Optional.empty(), e);
        }
    }

    @Override
    public void close() {
        http.close();
    }

    private interface Outcome<C, T, R> {
        R of(C call, T result);
    }

    private static <C, T, R> List<R> each(
            List<C> calls, @Nullable List<T> results, Function<T, @Nullable Integer> status, Outcome<C, T, R> outcome) {
        if (results == null || results.size() != calls.size()) {
            throw notOneEach();
        }
        List<R> outcomes = new ArrayList<>(calls.size());
        for (int i = 0; i < results.size(); i++) {
            T result = results.get(i);
            if (result == null || status.apply(result) == null) {
                throw notOneEach();
            }
            outcomes.add(outcome.of(calls.get(i), result));
        }
        return outcomes;
    }

    private static CoordinatorUnavailableException notOneEach() {
        return new CoordinatorUnavailableException(
                "The answer does not have one result for each item", Optional.empty(), Optional.empty());
    }

    private StreamLockException failure(String verb, List<LeaseKey> keys, ApiException e) {
        if (keys.size() != 1) {
            return failures.ofCall(verb + " " + keys.size() + " leases", Optional.empty(), e);
        }
        String streamId = keys.get(0).streamId();
        return failures.ofCall(verb + " the lease of stream " + streamId, Optional.of(streamId), e);
    }

    private static LossReason reason(@Nullable Problem problem) {
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
