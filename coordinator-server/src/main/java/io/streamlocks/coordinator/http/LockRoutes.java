package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The calls on one stream, and the list. */
final class LockRoutes {

    private static final Set<String> LIST_PARAMETERS = Set.of("ownerId", "prefix", Paging.PAGE_SIZE, Paging.PAGE_TOKEN);

    private final GroupCommit locks;
    private final CappedLocks capped;
    private final Fields fields;
    private final Exchange exchange;

    LockRoutes(GroupCommit locks, CappedLocks capped, Fields fields, Exchange exchange) {
        this.locks = locks;
        this.capped = capped;
        this.fields = fields;
        this.exchange = exchange;
    }

    void acquire(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Requests.Acquire body = Exchange.body(ctx, Requests.Acquire.class);
        AcquireRequest request = new AcquireRequest(
                streamId,
                Fields.id("ownerId", body.ownerId()),
                Fields.leaseIdOrNew("leaseId", body.leaseId()),
                fields.ttlOrDefault("ttlMs", body.ttlMs()),
                Fields.labels("labels", body.labels()));
        Access.of(ctx).requireOwner(request.ownerId());
        String caller = Access.caller(ctx);
        Exchange.respond(
                ctx, () -> capped.acquire(caller, List.of(request)), outcomes -> CappedLocks.result(outcomes.get(0)));
    }

    void renew(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Requests.Renew body = Exchange.body(ctx, Requests.Renew.class);
        RenewRequest request = new RenewRequest(
                streamId,
                Fields.leaseId("leaseId", body.leaseId()),
                fields.ttl("ttlMs", body.ttlMs()),
                Access.of(ctx).ownerPrefix());
        String caller = Access.caller(ctx);
        Exchange.respond(
                ctx, () -> locks.renew(caller, List.of(request)), outcomes -> Responses.Result.of(outcomes.get(0)));
    }

    void release(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Requests.Release body = Exchange.body(ctx, Requests.Release.class);
        ReleaseRequest request = new ReleaseRequest(
                streamId,
                Fields.leaseId("leaseId", body.leaseId()),
                Access.of(ctx).ownerPrefix());
        String caller = Access.caller(ctx);
        Exchange.respond(
                ctx, () -> capped.release(caller, List.of(request)), outcomes -> Responses.Result.of(outcomes.get(0)));
    }

    void find(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        String caller = Access.caller(ctx);
        Exchange.respond(ctx, () -> locks.find(caller, streamId), lock -> lock.<Object>map(Responses.LockBody::of)
                .orElseGet(LockRoutes::notLocked));
    }

    void list(Context ctx) {
        Map<String, String> parameters = Exchange.query(ctx, LIST_PARAMETERS);
        LockQuery query = new LockQuery(
                Optional.ofNullable(parameters.get("ownerId")).map(value -> Fields.id("ownerId", value)),
                Optional.ofNullable(parameters.get("prefix"))
                        .map(value -> Fields.id("prefix", value))
                        .orElse(""),
                Paging.position(parameters, LockRoutes::streamIdOf).orElse(""),
                Paging.pageSize(parameters));
        Access.of(ctx).requireAllStreamsOf(query.prefix());
        boolean asTable = LockTable.isWanted(ctx);
        String caller = Access.caller(ctx);
        exchange.respondAtLength(
                ctx,
                query.pageSize(),
                () -> locks.list(caller, query),
                page -> asTable ? LockTable.of(page, nextPageToken(page)) : page(page));
    }

    private static Responses.Page page(LockPage page) {
        return new Responses.Page(
                page.locks().stream().map(Responses.LockBody::of).toList(),
                nextPageToken(page).orElse(null));
    }

    /** A page begins after the last stream of the page before. */
    private static Optional<String> nextPageToken(LockPage page) {
        return page.next().map(Paging::tokenOf);
    }

    private static Optional<String> streamIdOf(String position) {
        return Optional.of(Fields.id(Paging.PAGE_TOKEN, position));
    }

    static Problem notLocked() {
        return Problem.of(ProblemType.NOT_LOCKED, "No live lease exists for this stream.");
    }
}
