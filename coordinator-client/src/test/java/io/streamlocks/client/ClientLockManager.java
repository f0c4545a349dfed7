package io.streamlocks.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.BatchAcquireItem;
import io.streamlocks.client.generated.model.BatchAcquireRequest;
import io.streamlocks.client.generated.model.BatchReleaseItem;
import io.streamlocks.client.generated.model.BatchReleaseRequest;
import io.streamlocks.client.generated.model.BatchRenewItem;
import io.streamlocks.client.generated.model.BatchRenewRequest;
import io.streamlocks.client.generated.model.BreakOwnerRequest;
import io.streamlocks.client.generated.model.Holder;
import io.streamlocks.client.generated.model.LeaseResult;
import io.streamlocks.client.generated.model.Problem;
import io.streamlocks.client.generated.model.ReleaseResult;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.Waiter;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A {@link LockManager} that calls a server through the generated client, so that the contract suite can run over HTTP.
 * One request goes by the call for one stream, and several by the batch call. An answer that is not in the protocol
 * fails the test.
 */
final class ClientLockManager extends ForwardingLocks implements LockReads {

    private final CoordinatorHttp http;
    private final LockManager server;

    /**
     * @param http the client
     * @param server the storage of the server; purging is not a call of the API
     */
    ClientLockManager(CoordinatorHttp http, LockManager server) {
        this.http = http;
        this.server = server;
    }

    /** Carries out what is not a call of the API. */
    @Override
    protected LockManager next() {
        return server;
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
                        .ttlMs(request.ttl().toMillis())
                        .labels(request.owner().labels()))
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
                                .ttlMs(request.ttl().toMillis())
                                .labels(request.owner().labels())));
    }

    private static AcquireOutcome acquireOutcome(LeaseResult result) {
        Problem problem = result.getProblem();
        return switch (key(result.getStatus(), problem)) {
            case "200" -> new AcquireOutcome.Granted(lease(result.getLease()));
            case "409 lease-id-used" -> new AcquireOutcome.LeaseIdUsed();
            case "409 lock-held" -> new AcquireOutcome.Held(holder(problem));
            case "409 lock-awaited" -> new AcquireOutcome.Awaited(OptionalInt.empty());
            case "409 lock-delayed" -> new AcquireOutcome.Delayed(Duration.ofMillis(problem.getOpensInMs()));
            // Only an item has this status: if the storage does not answer, the whole call is 503.
            case "503 storage-unavailable" -> new AcquireOutcome.Blocked();
            case "503 overloaded" -> new AcquireOutcome.Undecided();
            default -> throw new AssertionError("Unexpected result " + result);
        };
    }

    private static Lock holder(Problem problem) {
        Holder holder = problem.getHolder();
        return new Lock(
                null,
                new Owner(holder.getOwnerId(), labels(holder.getLabels())),
                holder.getFencingToken(),
                null,
                null,
                null,
                Duration.ofMillis(holder.getExpiresInMs()),
                waiting(holder.getWaiting()));
    }

    private static Map<String, String> labels(Map<String, String> labels) {
        return labels == null ? Map.of() : labels;
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
            case "410 lease-lost" ->
                new RenewOutcome.Lost(reason(result.getProblem()), breakReason(result.getProblem()));
            case "503 storage-unavailable" -> new RenewOutcome.Blocked();
            case "503 overloaded" -> new RenewOutcome.Undecided();
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
            case "410 lease-lost" ->
                new ReleaseOutcome.Lost(reason(result.getProblem()), breakReason(result.getProblem()));
            case "503 storage-unavailable" -> new ReleaseOutcome.Blocked();
            case "503 overloaded" -> new ReleaseOutcome.Undecided();
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
    public LockReads reads() {
        return this;
    }

    @Override
    public Groups groups() {
        return new ClientGroups(http.groups());
    }

    @Override
    public LockPage list(LockQuery query) {
        var page = answered(() -> http.locks()
                .listLocks(
                        query.ownerId().orElse(null),
                        query.prefix().isEmpty() ? null : query.prefix(),
                        query.pageSize(),
                        query.after().isEmpty() ? null : pageToken(query.after())));
        // In the protocol a page continues after a stream. In the API it has a token that only the server reads.
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
    public List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        return requests.stream().map(this::breakLease).toList();
    }

    private BreakOutcome breakLease(BreakRequest request) {
        try {
            return new BreakOutcome.Broken(grant(http.operators()
                    .breakLock(
                            request.streamId(),
                            new io.streamlocks.client.generated.model.BreakRequest()
                                    .reason(request.breaking().reason())
                                    .expectedFencingToken(
                                            request.expectedFencingToken().orElse(null))
                                    .delayMs(request.breaking().delay().toMillis()))));
        } catch (ApiException e) {
            Problem problem = problem(e);
            return switch (key(e.getCode(), problem)) {
                case "412 fencing-token-changed" -> new BreakOutcome.TokenChanged(holder(problem));
                case "404 not-locked" -> new BreakOutcome.NotLocked();
                default -> throw new AssertionError("Unexpected answer " + problem, e);
            };
        }
    }

    @Override
    public int breakOwner(String ownerId, Breaking breaking) {
        return answered(() -> http.operators()
                        .breakOwner(
                                ownerId,
                                new BreakOwnerRequest()
                                        .reason(breaking.reason())
                                        .delayMs(breaking.delay().toMillis())))
                .getBrokenCount();
    }

    @Override
    public GrantPage history(StreamHistoryQuery query) {
        return grantPage(answered(() -> http.operators()
                .getLockHistory(
                        query.streamId(),
                        query.at().map(ClientLockManager::utc).orElse(null),
                        query.pageSize(),
                        query.below() == Long.MAX_VALUE ? null : pageToken(Long.toString(query.below())))));
    }

    @Override
    public GrantPage history(HistoryQuery query) {
        return grantPage(answered(() -> http.operators()
                .listHistory(
                        query.ownerId().orElse(null),
                        query.prefix().isEmpty() ? null : query.prefix(),
                        query.since().map(ClientLockManager::utc).orElse(null),
                        query.until().map(ClientLockManager::utc).orElse(null),
                        query.endReason()
                                .map(reason -> reason.name().toLowerCase(Locale.ROOT))
                                .orElse(null),
                        query.pageSize(),
                        query.after().map(after -> pageToken(text(after))).orElse(null))));
    }

    /** In the protocol a page continues after a grant. In the API it has a token that only the server reads. */
    private static GrantPage grantPage(io.streamlocks.client.generated.model.GrantPage page) {
        List<Grant> grants =
                page.getGrants().stream().map(ClientLockManager::grant).toList();
        return new GrantPage(
                grants,
                Optional.ofNullable(page.getNextPageToken())
                        .map(token -> GrantPage.Position.of(grants.get(grants.size() - 1))));
    }

    private static String text(GrantPage.Position position) {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, position.acquiredAt());
        return micros + "." + position.fencingToken();
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    private static Grant grant(io.streamlocks.client.generated.model.Grant grant) {
        return new Grant(
                grant.getStreamId(),
                grant.getOwnerId(),
                grant.getFencingToken(),
                labels(grant.getLabels()),
                instant(grant.getAcquiredAt()),
                Optional.ofNullable(grant.getWaitedMs()).map(Duration::ofMillis),
                Optional.ofNullable(grant.getEndedAt())
                        .map(at -> new Grant.End(
                                instant(at),
                                EndReason.valueOf(
                                        grant.getEndReason().getValue().toUpperCase(Locale.ROOT)),
                                Optional.ofNullable(grant.getEndedBy()),
                                Optional.ofNullable(grant.getBreakReason()))));
    }

    @Override
    public void verifyWritable() {
        answered(() -> http.operations().checkReadiness());
    }

    @Override
    public List<Waiter> waiters(String streamId) {
        return answered(() -> http.locks().listWaiters(streamId)).getWaiters().stream()
                .map(waiter -> new Waiter(
                        new Owner(waiter.getOwnerId(), labels(waiter.getLabels())),
                        waiter.getPosition(),
                        Duration.ofMillis(waiter.getWaitingForMs())))
                .toList();
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
        if (e.getCode() == 503 && e.getResponseBody().contains("\"code\":\"overloaded\"")) {
            throw new OverloadedException("The server is overloaded");
        }
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

    private static Optional<String> breakReason(Problem problem) {
        return Optional.ofNullable(problem.getBreakReason());
    }

    private static Lease lease(io.streamlocks.client.generated.model.Lease lease) {
        return new Lease(
                lease.getLeaseId(),
                new Lock(
                        lease.getStreamId(),
                        new Owner(lease.getOwnerId(), labels(lease.getLabels())),
                        lease.getFencingToken(),
                        Duration.ofMillis(lease.getTtlMs()),
                        instant(lease.getAcquiredAt()),
                        instant(lease.getExpiresAt()),
                        Duration.ofMillis(lease.getExpiresInMs()),
                        waiting(lease.getWaiting())));
    }

    private static Lock lock(io.streamlocks.client.generated.model.Lock lock) {
        return new Lock(
                lock.getStreamId(),
                new Owner(lock.getOwnerId(), labels(lock.getLabels())),
                lock.getFencingToken(),
                Duration.ofMillis(lock.getTtlMs()),
                instant(lock.getAcquiredAt()),
                instant(lock.getExpiresAt()),
                Duration.ofMillis(lock.getExpiresInMs()),
                waiting(lock.getWaiting()));
    }

    private static int waiting(Integer waiting) {
        return waiting == null ? 0 : waiting;
    }

    private static Instant instant(OffsetDateTime time) {
        return time.toInstant();
    }
}
