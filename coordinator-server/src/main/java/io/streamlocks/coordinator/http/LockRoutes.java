package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The calls on one stream, and the list. */
final class LockRoutes {

    private static final int DEFAULT_PAGE_SIZE = 100;
    private static final int MAX_PAGE_SIZE = 1000;
    private static final Pattern PAGE_SIZE_FORM = Pattern.compile("[0-9]{1,9}");
    private static final Set<String> LIST_PARAMETERS = Set.of("ownerId", "prefix", "pageSize", "pageToken");

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
                fields.ttlOrDefault("ttlMs", body.ttlMs()));
        Access.of(ctx).requireOwner(request.ownerId());
        Exchange.respond(ctx, () -> capped.acquire(List.of(request)), outcomes -> CappedLocks.result(outcomes.get(0)));
    }

    void renew(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Requests.Renew body = Exchange.body(ctx, Requests.Renew.class);
        RenewRequest request = new RenewRequest(
                streamId,
                Fields.leaseId("leaseId", body.leaseId()),
                fields.ttl("ttlMs", body.ttlMs()),
                Access.of(ctx).ownerPrefix());
        Exchange.respond(ctx, () -> locks.renew(List.of(request)), outcomes -> Responses.Result.of(outcomes.get(0)));
    }

    void release(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Requests.Release body = Exchange.body(ctx, Requests.Release.class);
        ReleaseRequest request = new ReleaseRequest(
                streamId,
                Fields.leaseId("leaseId", body.leaseId()),
                Access.of(ctx).ownerPrefix());
        Exchange.respond(ctx, () -> capped.release(List.of(request)), outcomes -> Responses.Result.of(outcomes.get(0)));
    }

    void find(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Exchange.respond(ctx, () -> locks.find(streamId), lock -> lock.<Object>map(Responses.LockBody::of)
                .orElseGet(() -> Problem.of(ProblemType.NOT_LOCKED, "No live lease exists for this stream.")));
    }

    void list(Context ctx) {
        Map<String, String> parameters = Exchange.query(ctx, LIST_PARAMETERS);
        LockQuery query = new LockQuery(
                Optional.ofNullable(parameters.get("ownerId")).map(value -> Fields.id("ownerId", value)),
                Optional.ofNullable(parameters.get("prefix"))
                        .map(value -> Fields.id("prefix", value))
                        .orElse(""),
                Optional.ofNullable(parameters.get("pageToken"))
                        .map(LockRoutes::streamIdOf)
                        .orElse(""),
                Optional.ofNullable(parameters.get("pageSize"))
                        .map(LockRoutes::pageSize)
                        .orElse(DEFAULT_PAGE_SIZE));
        Access.of(ctx).requireAllStreamsOf(query.prefix());
        exchange.respondAtLength(ctx, () -> locks.list(query), LockRoutes::page);
    }

    private static Responses.Page page(LockPage page) {
        return new Responses.Page(
                page.locks().stream().map(Responses.LockBody::of).toList(),
                page.next().map(LockRoutes::pageTokenOf).orElse(null));
    }

    private static int pageSize(String value) {
        // Integer.parseInt by itself takes a plus sign, and the digits of any script.
        int size = PAGE_SIZE_FORM.matcher(value).matches() ? Integer.parseInt(value) : 0;
        if (size >= 1 && size <= MAX_PAGE_SIZE) {
            return size;
        }
        throw ProblemException.invalid("pageSize", "pageSize must be an integer from 1 to " + MAX_PAGE_SIZE + ".");
    }

    /** A page begins after the last stream of the page before. */
    private static String pageTokenOf(String streamId) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(streamId.getBytes(StandardCharsets.UTF_8));
    }

    private static String streamIdOf(String pageToken) {
        try {
            String streamId = new String(Base64.getUrlDecoder().decode(pageToken), StandardCharsets.UTF_8);
            // Not so for bytes that are no UTF-8, which decode to something else.
            if (pageTokenOf(streamId).equals(pageToken)) {
                return Fields.id("pageToken", streamId);
            }
        } catch (IllegalArgumentException e) {
            // Not Base64; answered below.
        }
        throw ProblemException.invalid("pageToken", "pageToken must be the nextPageToken of a page.");
    }
}
