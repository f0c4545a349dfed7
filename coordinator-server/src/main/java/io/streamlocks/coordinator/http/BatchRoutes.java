package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The calls on many streams: one result an item, in order, and no item fails another. */
final class BatchRoutes {

    private static final int MAX_ITEMS = 1000;

    private final GroupCommit locks;
    private final Fields fields;
    private final Exchange exchange;

    BatchRoutes(GroupCommit locks, Fields fields, Exchange exchange) {
        this.locks = locks;
        this.fields = fields;
        this.exchange = exchange;
    }

    void acquire(Context ctx) {
        batch(ctx, Requests.AcquireItem.class, this::acquireRequest, locks::acquire, Responses.Result::of);
    }

    private AcquireRequest acquireRequest(String path, Requests.AcquireItem item) {
        return new AcquireRequest(
                Fields.id(path + ".streamId", item.streamId()),
                Fields.id(path + ".ownerId", item.ownerId()),
                Fields.leaseIdOrNew(path + ".leaseId", item.leaseId()),
                fields.ttlOrDefault(path + ".ttlMs", item.ttlMs()),
                Fields.labels(path + ".labels", item.labels()));
    }

    void renew(Context ctx) {
        batch(ctx, Requests.RenewItem.class, this::renewRequest, locks::renew, Responses.Result::of);
    }

    private RenewRequest renewRequest(String path, Requests.RenewItem item) {
        return new RenewRequest(
                Fields.id(path + ".streamId", item.streamId()),
                Fields.leaseId(path + ".leaseId", item.leaseId()),
                fields.ttl(path + ".ttlMs", item.ttlMs()));
    }

    void release(Context ctx) {
        batch(ctx, Requests.ReleaseItem.class, this::releaseRequest, locks::release, Responses.Result::of);
    }

    private ReleaseRequest releaseRequest(String path, Requests.ReleaseItem item) {
        return new ReleaseRequest(
                Fields.id(path + ".streamId", item.streamId()), Fields.leaseId(path + ".leaseId", item.leaseId()));
    }

    private interface ItemCheck<T, Q> {
        /** Makes a request of an item that stands at this path of the body, or throws a {@link ProblemException}. */
        Q check(String path, T item);
    }

    private <T, Q, O> void batch(
            Context ctx,
            Class<T> type,
            ItemCheck<T, Q> check,
            Function<List<Q>, CompletableFuture<List<O>>> call,
            Function<O, Responses.Result> result) {
        Batch<T, Q> batch = new Batch<>(check);
        Json.readItems(Exchange.body(ctx), MAX_ITEMS, type, batch);
        exchange.respondAtLength(ctx, () -> call.apply(batch.requests), outcomes -> batch.results(outcomes, result));
    }

    /** The items of one call: those that became requests, and what is wrong with the others. */
    private static final class Batch<T, Q> implements Json.Items<T> {

        private final ItemCheck<T, Q> check;
        private final List<Q> requests = new ArrayList<>();

        /** Null for an item that became a request, whose result is not known yet. */
        private final List<Responses.Result> results = new ArrayList<>();

        Batch(ItemCheck<T, Q> check) {
            this.check = check;
        }

        @Override
        public void add(T item) {
            try {
                requests.add(check.check(pathOf(results.size()), item));
                results.add(null);
            } catch (ProblemException e) {
                addRefused(e);
            }
        }

        @Override
        public void addRefused(ProblemException e) {
            results.add(Responses.Result.of(e.problem()));
        }

        <O> Responses.Batch results(List<O> outcomes, Function<O, Responses.Result> result) {
            Iterator<O> decided = outcomes.iterator();
            for (int i = 0; i < results.size(); i++) {
                if (results.get(i) == null) {
                    results.set(i, result.apply(decided.next()).ofItem(pathOf(i)));
                }
            }
            return new Responses.Batch(results);
        }

        private static String pathOf(int position) {
            return "items[" + position + "]";
        }
    }
}
