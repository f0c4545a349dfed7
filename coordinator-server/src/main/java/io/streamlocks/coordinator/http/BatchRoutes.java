package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The calls on many streams: one result an item, in order, and no item fails another. */
final class BatchRoutes {

    private static final int MAX_ITEMS = 1000;

    private final GroupCommit locks;
    private final CappedLocks capped;
    private final Fields fields;
    private final Exchange exchange;

    BatchRoutes(GroupCommit locks, CappedLocks capped, Fields fields, Exchange exchange) {
        this.locks = locks;
        this.capped = capped;
        this.fields = fields;
        this.exchange = exchange;
    }

    void acquire(Context ctx) {
        batch(
                ctx,
                Requests.AcquireItem.class,
                this::acquireRequest,
                AcquireRequest::streamId,
                capped::acquire,
                CappedLocks::result);
    }

    private AcquireRequest acquireRequest(Principal principal, String path, Requests.AcquireItem item) {
        AcquireRequest request = new AcquireRequest(
                streamId(principal, path, item.streamId()),
                Fields.id(path + ".ownerId", item.ownerId()),
                Fields.leaseIdOrNew(path + ".leaseId", item.leaseId()),
                fields.ttlOrDefault(path + ".ttlMs", item.ttlMs()),
                Fields.labels(path + ".labels", item.labels()));
        principal.requireOwner(request.ownerId());
        return request;
    }

    private static String streamId(Principal principal, String path, String value) {
        String streamId = Fields.id(path + ".streamId", value);
        principal.requireStream(streamId);
        return streamId;
    }

    void renew(Context ctx) {
        batch(
                ctx,
                Requests.RenewItem.class,
                this::renewRequest,
                RenewRequest::streamId,
                locks::renew,
                Responses.Result::of);
    }

    private RenewRequest renewRequest(Principal principal, String path, Requests.RenewItem item) {
        return new RenewRequest(
                streamId(principal, path, item.streamId()),
                Fields.leaseId(path + ".leaseId", item.leaseId()),
                fields.ttl(path + ".ttlMs", item.ttlMs()),
                principal.ownerPrefix());
    }

    void release(Context ctx) {
        batch(
                ctx,
                Requests.ReleaseItem.class,
                this::releaseRequest,
                ReleaseRequest::streamId,
                capped::release,
                Responses.Result::of);
    }

    private ReleaseRequest releaseRequest(Principal principal, String path, Requests.ReleaseItem item) {
        return new ReleaseRequest(
                streamId(principal, path, item.streamId()),
                Fields.leaseId(path + ".leaseId", item.leaseId()),
                principal.ownerPrefix());
    }

    private interface ItemCheck<T, Q> {
        /**
         * Makes a request of an item that stands at this path of the body, or throws a {@link ProblemException}, or a
         * {@link ForbiddenException} with the field inside the item.
         */
        Q check(Principal principal, String path, T item);
    }

    private <T, Q, O> void batch(
            Context ctx,
            Class<T> type,
            ItemCheck<T, Q> check,
            Function<Q, String> streamId,
            BiFunction<String, List<Q>, CompletableFuture<List<O>>> call,
            Function<O, Responses.Result> result) {
        Batch<T, Q> batch = new Batch<>(Access.of(ctx), check);
        Json.readItems(Exchange.body(ctx), MAX_ITEMS, type, batch);
        String caller = Access.caller(ctx);
        exchange.respondAtLength(
                ctx,
                batch.results.size(),
                () -> call.apply(caller, batch.requests),
                outcomes -> batch.results(outcomes, result, streamId));
    }

    /** The items of one call: those that became requests, and what is wrong with the others. */
    private static final class Batch<T, Q> implements Json.Items<T> {

        private final Principal principal;
        private final ItemCheck<T, Q> check;
        private final List<Q> requests = new ArrayList<>();

        /** Null for an item that became a request, whose result is not known yet. */
        private final List<Responses.Result> results = new ArrayList<>();

        Batch(Principal principal, ItemCheck<T, Q> check) {
            this.principal = principal;
            this.check = check;
        }

        @Override
        public void add(T item) {
            String path = pathOf(results.size());
            try {
                requests.add(check.check(principal, path, item));
                results.add(null);
            } catch (ProblemException e) {
                addRefused(e);
            } catch (ForbiddenException e) {
                results.add(Responses.Result.of(Problem.forbidden(e)).ofItem(path));
            }
        }

        @Override
        public void addRefused(ProblemException e) {
            results.add(Responses.Result.of(e.problem()));
        }

        <O> Responses.Batch results(
                List<O> outcomes, Function<O, Responses.Result> result, Function<Q, String> streamId) {
            Iterator<O> decided = outcomes.iterator();
            Iterator<Q> asked = requests.iterator();
            for (int i = 0; i < results.size(); i++) {
                if (results.get(i) == null) {
                    results.set(
                            i, result.apply(decided.next()).ofItem(pathOf(i)).about(streamId.apply(asked.next())));
                }
            }
            return new Responses.Batch(results);
        }

        private static String pathOf(int position) {
            return "items[" + position + "]";
        }
    }
}
