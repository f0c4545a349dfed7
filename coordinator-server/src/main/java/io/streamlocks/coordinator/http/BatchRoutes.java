package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** The calls on many streams: one result an item, in order, and no item fails another. */
final class BatchRoutes {

    private static final int MAX_ITEMS = 1000;

    private final LockManager locks;
    private final Fields fields;

    BatchRoutes(LockManager locks, Fields fields) {
        this.locks = locks;
        this.fields = fields;
    }

    void acquire(Context ctx) {
        batch(ctx, this::acquireRequest, locks::acquire, Responses.Result::of);
    }

    private AcquireRequest acquireRequest(String path, JsonNode json) {
        Requests.AcquireItem item = Json.read(json, path, Requests.AcquireItem.class);
        return new AcquireRequest(
                Fields.id(path + ".streamId", item.streamId()),
                Fields.id(path + ".ownerId", item.ownerId()),
                Fields.leaseIdOrNew(path + ".leaseId", item.leaseId()),
                fields.ttlOrDefault(path + ".ttlMs", item.ttlMs()));
    }

    void renew(Context ctx) {
        batch(ctx, this::renewRequest, locks::renew, Responses.Result::of);
    }

    private RenewRequest renewRequest(String path, JsonNode json) {
        Requests.RenewItem item = Json.read(json, path, Requests.RenewItem.class);
        return new RenewRequest(
                Fields.id(path + ".streamId", item.streamId()),
                Fields.leaseId(path + ".leaseId", item.leaseId()),
                fields.ttl(path + ".ttlMs", item.ttlMs()));
    }

    void release(Context ctx) {
        batch(ctx, this::releaseRequest, locks::release, Responses.Result::of);
    }

    private ReleaseRequest releaseRequest(String path, JsonNode json) {
        Requests.ReleaseItem item = Json.read(json, path, Requests.ReleaseItem.class);
        return new ReleaseRequest(
                Fields.id(path + ".streamId", item.streamId()), Fields.leaseId(path + ".leaseId", item.leaseId()));
    }

    private interface ItemReader<Q> {
        /** Reads an item that stands at this path of the body, or throws a {@link ProblemException}. */
        Q read(String path, JsonNode item);
    }

    private static <Q, O> void batch(
            Context ctx, ItemReader<Q> reader, Function<List<Q>, List<O>> call, Function<O, Responses.Result> result) {
        List<JsonNode> items = Exchange.body(ctx, Requests.Batch.class).items();
        if (items == null) {
            throw ProblemException.invalid("items", "items is missing.");
        }
        if (items.size() > MAX_ITEMS) {
            throw ProblemException.invalid("items", "items must have at most " + MAX_ITEMS + " elements.");
        }
        Responses.Result[] results = new Responses.Result[items.size()];
        List<Q> requests = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        for (int i = 0; i < results.length; i++) {
            try {
                requests.add(reader.read("items[" + i + "]", items.get(i)));
                positions.add(i);
            } catch (ProblemException e) {
                results[i] = Responses.Result.of(e.problem());
            }
        }
        List<O> outcomes = call.apply(requests);
        for (int i = 0; i < outcomes.size(); i++) {
            int position = positions.get(i);
            results[position] = result.apply(outcomes.get(i)).ofItem("items[" + position + "]");
        }
        Exchange.respond(ctx, new Responses.Batch(Arrays.asList(results)));
    }
}
