package io.streamlocks.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.BatchAcquireItem;
import io.streamlocks.client.generated.model.BatchAcquireRequest;
import io.streamlocks.client.generated.model.BatchReleaseItem;
import io.streamlocks.client.generated.model.BatchReleaseRequest;
import io.streamlocks.client.generated.model.BatchRenewItem;
import io.streamlocks.client.generated.model.BatchRenewRequest;
import io.streamlocks.client.generated.model.LeaseResult;
import io.streamlocks.client.generated.model.Problem;
import io.streamlocks.client.generated.model.ReleaseResult;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A {@link LockManager} that calls a server through the generated client, so that the contract suite can run over HTTP.
 * One request goes by the call for one stream, several by the batch call. An answer that the protocol does not know
 * fails the test.
 */
final class ClientLockManager implements LockManager {

    private final CoordinatorHttp http;
    private final LockManager server;

    /**
     * @param http the client
     * @param server what the server stores its leases in; purging is not a call of the API
     */
    ClientLockManager(CoordinatorHttp http, LockManager server) {
        this.http = http;
        this.server = server;
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        if (requests.size() == 1) {
            return List.of(acquireOutcome(single(requests.get(0))));
        }
        List<BatchAcquireItem> items = requests.stream()
                .map(request -> new BatchAcquireItem()
                        .streamId(request.streamId())
                        .ownerId(request.ownerId())
                        .leaseId(request.leaseId())
                        .ttlMs(request.ttl().toMillis()))
                .toList();
        return answered(() -> http.locks().acquireLocks(new BatchAcquireRequest().items(items))).getResults().stream()
                .map(ClientLockManager::acquireOutcome)
                .toList();
    }

    private LeaseResult single(AcquireRequest request) {
        return leaseResult(() -> http.locks()
                .acquireLock(
                        request.streamId(),
                        new io.streamlocks.client.generated.model.AcquireRequest()
                                .ownerId(request.ownerId())
                                .leaseId(request.leaseId())
                                .ttlMs(request.ttl().toMillis())));
    }

    private static AcquireOutcome acquireOutcome(LeaseResult result) {
        Problem problem = result.getProblem();
        return switch (key(result.getStatus(), problem)) {
            case "200" -> new AcquireOutcome.Granted(lease(result.getLease()));
            case "409 lease-id-used" -> new AcquireOutcome.LeaseIdUsed();
            case "409 lock-held" ->
                new AcquireOutcome.Held(new Lock(
                        null,
                        problem.getHolder().getOwnerId(),
                        problem.getHolder().getFencingToken(),
                        null,
                        null,
                        null,
                        Duration.ofMillis(problem.getHolder().getExpiresInMs())));
            default -> throw new AssertionError("Unexpected result " + result);
        };
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        if (requests.size() == 1) {
            return List.of(renewOutcome(single(requests.get(0))));
        }
        List<BatchRenewItem> items = requests.stream()
                .map(request -> new BatchRenewItem()
                        .streamId(request.streamId())
                        .leaseId(request.leaseId())
                        .ttlMs(request.ttl().map(Duration::toMillis).orElse(null)))
                .toList();
        return answered(() -> http.locks().renewLocks(new BatchRenewRequest().items(items))).getResults().stream()
                .map(ClientLockManager::renewOutcome)
                .toList();
    }

    private LeaseResult single(RenewRequest request) {
        return leaseResult(() -> http.locks()
                .renewLock(
                        request.streamId(),
                        new io.streamlocks.client.generated.model.RenewRequest()
                                .leaseId(request.leaseId())
                                .ttlMs(request.ttl().map(Duration::toMillis).orElse(null))));
    }

    private static RenewOutcome renewOutcome(LeaseResult result) {
        return switch (key(result.getStatus(), result.getProblem())) {
            case "200" -> new RenewOutcome.Renewed(lease(result.getLease()));
            case "410 lease-lost" -> new RenewOutcome.Lost(reason(result.getProblem()));
            default -> throw new AssertionError("Unexpected result " + result);
        };
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        if (requests.size() == 1) {
            return List.of(releaseOutcome(single(requests.get(0))));
        }
        List<BatchReleaseItem> items = requests.stream()
                .map(request ->
                        new BatchReleaseItem().streamId(request.streamId()).leaseId(request.leaseId()))
                .toList();
        return answered(() -> http.locks().releaseLocks(new BatchReleaseRequest().items(items))).getResults().stream()
                .map(ClientLockManager::releaseOutcome)
                .toList();
    }

    private ReleaseResult single(ReleaseRequest request) {
        try {
            http.locks()
                    .releaseLock(
                            request.streamId(),
                            new io.streamlocks.client.generated.model.ReleaseRequest().leaseId(request.leaseId()));
            return new ReleaseResult().status(204);
        } catch (ApiException e) {
            return new ReleaseResult().status(e.getCode()).problem(problem(e));
        }
    }

    private static ReleaseOutcome releaseOutcome(ReleaseResult result) {
        return switch (key(result.getStatus(), result.getProblem())) {
            case "204" -> new ReleaseOutcome.Released();
            case "410 lease-lost" -> new ReleaseOutcome.Lost(reason(result.getProblem()));
            default -> throw new AssertionError("Unexpected result " + result);
        };
    }

    @Override
    public Optional<Lock> find(String streamId) {
        try {
            return Optional.of(lock(http.locks().getLock(streamId)));
        } catch (ApiException e) {
            if (key(e.getCode(), problem(e)).equals("404 not-locked")) {
                return Optional.empty();
            }
            throw new AssertionError("Unexpected answer", e);
        }
    }

    @Override
    public LockPage list(LockQuery query) {
        var page = answered(() -> http.locks()
                .listLocks(
                        query.ownerId().orElse(null),
                        query.prefix().isEmpty() ? null : query.prefix(),
                        query.pageSize(),
                        query.after().isEmpty() ? null : pageToken(query.after())));
        // To the protocol a page goes on after a stream; to the API it has a token that only the server reads.
        return new LockPage(
                page.getLocks().stream().map(ClientLockManager::lock).toList(),
                Optional.ofNullable(page.getNextPageToken()).map(ClientLockManager::streamIdOf));
    }

    private static String pageToken(String streamId) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(streamId.getBytes(StandardCharsets.UTF_8));
    }

    private static String streamIdOf(String pageToken) {
        return new String(Base64.getUrlDecoder().decode(pageToken), StandardCharsets.UTF_8);
    }

    @Override
    public Map<String, Long> liveLeases() {
        return server.liveLeases();
    }

    @Override
    public int purge(Duration idleFor) {
        return server.purge(idleFor);
    }

    @Override
    public void verifyWritable() {
        answered(() -> http.operations().checkReadiness());
    }

    private interface Call<T> {
        T run() throws ApiException;
    }

    private <T> T answered(Call<T> call) {
        try {
            return call.run();
        } catch (ApiException e) {
            throw new AssertionError("Unexpected answer " + problem(e), e);
        }
    }

    private LeaseResult leaseResult(Call<io.streamlocks.client.generated.model.Lease> call) {
        try {
            return new LeaseResult().status(200).lease(call.run());
        } catch (ApiException e) {
            return new LeaseResult().status(e.getCode()).problem(problem(e));
        }
    }

    private Problem problem(ApiException e) {
        if (e.getCode() == 0 || e.getCode() == 503) {
            throw new StorageUnavailableException("No usable answer", e);
        }
        try {
            return http.locks().getApiClient().getObjectMapper().readValue(e.getResponseBody(), Problem.class);
        } catch (JsonProcessingException notAProblem) {
            throw new AssertionError("Unexpected answer " + e.getResponseBody(), notAProblem);
        }
    }

    private static String key(int status, Problem problem) {
        return problem == null ? Integer.toString(status) : status + " " + problem.getCode();
    }

    private static LossReason reason(Problem problem) {
        return LossReason.valueOf(problem.getReason().getValue().toUpperCase(Locale.ROOT));
    }

    private static Lease lease(io.streamlocks.client.generated.model.Lease lease) {
        return new Lease(
                lease.getLeaseId(),
                new Lock(
                        lease.getStreamId(),
                        lease.getOwnerId(),
                        lease.getFencingToken(),
                        Duration.ofMillis(lease.getTtlMs()),
                        instant(lease.getAcquiredAt()),
                        instant(lease.getExpiresAt()),
                        Duration.ofMillis(lease.getExpiresInMs())));
    }

    private static Lock lock(io.streamlocks.client.generated.model.Lock lock) {
        return new Lock(
                lock.getStreamId(),
                lock.getOwnerId(),
                lock.getFencingToken(),
                Duration.ofMillis(lock.getTtlMs()),
                instant(lock.getAcquiredAt()),
                instant(lock.getExpiresAt()),
                Duration.ofMillis(lock.getExpiresInMs()));
    }

    private static Instant instant(java.time.OffsetDateTime time) {
        return time.toInstant();
    }
}
