package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** The calls on one stream, and the list of locks. */
final class LockRoutes {

    private static final Set<String> LIST_PARAMETERS = Set.of("ownerId", "prefix", Paging.PAGE_SIZE, Paging.PAGE_TOKEN);

    private final GroupCommit locks;
    private final CappedLocks capped;
    private final Gate gate;
    private final Fields fields;
    private final Responder responder;

    LockRoutes(GroupCommit locks, CappedLocks capped, Gate gate, Fields fields, Responder responder) {
        this.locks = locks;
        this.capped = capped;
        this.gate = gate;
        this.fields = fields;
        this.responder = responder;
    }

    void register(RouteTable routes) {
        routes.get("/v1/locks", Permission.READ, this::list);
        routes.get("/v1/locks/{streamId}", Permission.LOOK, this::find);
        routes.get("/v1/locks/{streamId}/waiters", Permission.LOOK, this::waiters);
        routes.postDirect(
                "/v1/locks/{streamId}/acquire",
                Permission.HOLD,
                routes.standardLimits().withWait(Limits.MAX_WAIT),
                this::acquire);
        routes.postDirect("/v1/locks/{streamId}/renew", Permission.HOLD, routes.standardLimits(), this::renew);
        routes.postDirect("/v1/locks/{streamId}/release", Permission.HOLD, routes.standardLimits(), this::release);
    }

    private CompletableFuture<? extends Response> acquire(Call call) {
        gate.checkAcquire();
        String streamId = Input.streamId(call);
        LeaseBodies.Acquire body = Input.body(call, LeaseBodies.Acquire.class);
        AcquireRequest request = body.checked("", streamId, fields);
        Duration waits = Fields.wait("waitMs", body.waitMs());
        Access.of(call).requireOwner(request.ownerId());
        if (!capped.admits(request)) {
            throw new ProblemException(Problem.tooManyLeases());
        }
        String caller = Access.caller(call);
        return capped.acquire(caller, List.of(request), waits, call::waits, unnamed -> body.leaseId() == null)
                .thenApply(outcomes -> outcomes.get(0).match(Outcomes.ACQUIRE));
    }

    private CompletableFuture<? extends Response> renew(Call call) {
        String streamId = Input.streamId(call);
        LeaseBodies.Renew body = Input.body(call, LeaseBodies.Renew.class);
        RenewRequest request = new RenewRequest(
                streamId,
                Fields.leaseId("leaseId", body.leaseId()),
                fields.ttl("ttlMs", body.ttlMs()),
                Access.of(call).ownerPrefix());
        return locks.renew(Access.caller(call), List.of(request))
                .thenApply(outcomes -> outcomes.get(0).match(Outcomes.RENEW));
    }

    private CompletableFuture<? extends Response> release(Call call) {
        String streamId = Input.streamId(call);
        LeaseBodies.Release body = Input.body(call, LeaseBodies.Release.class);
        ReleaseRequest request = new ReleaseRequest(
                streamId,
                Fields.leaseId("leaseId", body.leaseId()),
                Access.of(call).ownerPrefix());
        return capped.release(Access.caller(call), List.of(request))
                .thenApply(outcomes -> outcomes.get(0).match(Outcomes.RELEASE));
    }

    private CompletableFuture<? extends Response> find(Call call) {
        String streamId = Input.streamId(call);
        return locks.find(Access.caller(call), streamId)
                .thenApply(lock -> lock.<Response>map(LeaseBodies.LockBody::of).orElseGet(Problem::notLocked));
    }

    private CompletableFuture<? extends Response> waiters(Call call) {
        String streamId = Input.streamId(call);
        String caller = Access.caller(call);
        return responder.atLength(
                call,
                Limits.MAX_LISTED_WAITERS,
                locks.read(caller, StatementKind.WAITERS, reads -> reads.waiters(streamId)),
                LeaseBodies.WaiterListBody::of);
    }

    private CompletableFuture<? extends Response> list(Call call) {
        Map<String, String> parameters = Input.query(call, LIST_PARAMETERS);
        LockQuery query = new LockQuery(
                Optional.ofNullable(parameters.get("ownerId")).map(value -> Fields.id("ownerId", value)),
                Optional.ofNullable(parameters.get("prefix"))
                        .map(value -> Fields.id("prefix", value))
                        .orElse(""),
                Paging.position(parameters, LockRoutes::streamIdOf).orElse(""),
                Paging.pageSize(parameters));
        Access.of(call).requireAllStreamsOf(query.prefix());
        boolean asTable = LockTable.isWanted(call);
        String caller = Access.caller(call);
        return responder.atLength(
                call,
                query.pageSize(),
                locks.read(caller, StatementKind.LIST, reads -> reads.list(query)),
                page -> asTable
                        ? LockTable.of(page, nextPageToken(page))
                        : LeaseBodies.LockPageBody.of(page, nextPageToken(page)));
    }

    /** Returns a token for the next page, which begins after the last stream of this one. */
    private static Optional<String> nextPageToken(LockPage page) {
        return page.next().map(Paging::tokenOf);
    }

    private static Optional<String> streamIdOf(String position) {
        return Optional.of(Fields.id(Paging.PAGE_TOKEN, position));
    }
}
