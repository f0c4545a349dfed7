package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.RouteLimits;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The calls on many streams. They return one result per item, in the order of the items. No item fails another. */
final class BatchRoutes {

    private final GroupCommit locks;
    private final CappedLocks capped;
    private final Gate gate;
    private final Fields fields;
    private final Responder responder;

    BatchRoutes(GroupCommit locks, CappedLocks capped, Gate gate, Fields fields, Responder responder) {
        this.locks = locks;
        this.capped = capped;
        this.gate = gate;
        this.fields = fields;
        this.responder = responder;
    }

    void register(RouteTable routes) {
        RouteLimits limits = routes.standardLimits().withMaxBodyBytes(Limits.MAX_BATCH_BYTES);
        routes.postDirect("/v1/batch/acquire", Permission.HOLD, limits.withWait(Limits.MAX_WAIT), this::acquire);
        routes.postDirect("/v1/batch/renew", Permission.HOLD, limits, this::renew);
        routes.postDirect("/v1/batch/release", Permission.HOLD, limits, this::release);
    }

    private CompletableFuture<? extends Response> acquire(Call call) {
        gate.checkAcquire();
        Set<AcquireRequest> unnamed = new HashSet<>();
        Batch<LeaseBodies.AcquireItem, AcquireRequest> batch = new Batch<>(
                Access.of(call),
                (principal, path, item) -> acquireRequest(principal, path, item, unnamed),
                AcquireRequest::streamId);
        Optional<Long> waitMs = Json.readItems(
                Input.body(call), Optional.of("waitMs"), Limits.MAX_BATCH_ITEMS, LeaseBodies.AcquireItem.class, batch);
        Duration waits = Fields.wait("waitMs", waitMs.orElse(null));
        return respond(
                call,
                batch,
                (caller, requests) -> {
                    batch.refuseUnless(capped::admits, Problem.tooManyLeases());
                    return capped.acquire(caller, requests, waits, call::waits, unnamed::contains);
                },
                outcome -> outcome.match(Outcomes.ACQUIRE));
    }

    private AcquireRequest acquireRequest(
            Principal principal, String path, LeaseBodies.AcquireItem item, Set<AcquireRequest> unnamed) {
        String streamId = streamId(principal, path, item.streamId());
        AcquireRequest request = item.acquire().checked(path + ".", streamId, fields);
        principal.requireOwner(request.ownerId());
        if (item.leaseId() == null) {
            unnamed.add(request);
        }
        return request;
    }

    private static String streamId(Principal principal, String path, @Nullable String value) {
        String streamId = Fields.id(path + ".streamId", value);
        principal.requireStream(streamId);
        return streamId;
    }

    private CompletableFuture<? extends Response> renew(Call call) {
        Batch<LeaseBodies.RenewItem, RenewRequest> batch =
                read(call, LeaseBodies.RenewItem.class, RenewRequest::streamId, this::renewRequest);
        return respond(call, batch, locks::renew, outcome -> outcome.match(Outcomes.RENEW));
    }

    private RenewRequest renewRequest(Principal principal, String path, LeaseBodies.RenewItem item) {
        return new RenewRequest(
                streamId(principal, path, item.streamId()),
                Fields.leaseId(path + ".leaseId", item.leaseId()),
                fields.ttl(path + ".ttlMs", item.ttlMs()),
                principal.ownerPrefix());
    }

    private CompletableFuture<? extends Response> release(Call call) {
        Batch<LeaseBodies.ReleaseItem, ReleaseRequest> batch =
                read(call, LeaseBodies.ReleaseItem.class, ReleaseRequest::streamId, BatchRoutes::releaseRequest);
        return respond(call, batch, capped::release, outcome -> outcome.match(Outcomes.RELEASE));
    }

    private static ReleaseRequest releaseRequest(Principal principal, String path, LeaseBodies.ReleaseItem item) {
        return new ReleaseRequest(
                streamId(principal, path, item.streamId()),
                Fields.leaseId(path + ".leaseId", item.leaseId()),
                principal.ownerPrefix());
    }

    private static <T, Q> Batch<T, Q> read(
            Call call, Class<T> type, Function<Q, String> streamId, Batch.ItemCheck<T, Q> check) {
        Batch<T, Q> batch = new Batch<>(Access.of(call), check, streamId);
        Json.readItems(Input.body(call), Optional.empty(), Limits.MAX_BATCH_ITEMS, type, batch);
        return batch;
    }

    private <Q, O> CompletableFuture<? extends Response> respond(
            Call call,
            Batch<?, Q> batch,
            BiFunction<String, List<Q>, CompletableFuture<List<O>>> carriedOut,
            Function<O, Response.ForItem> response) {
        return responder.atLength(
                call,
                batch.size(),
                carriedOut.apply(Access.caller(call), batch.requests()),
                outcomes -> batch.response(outcomes, response));
    }
}
