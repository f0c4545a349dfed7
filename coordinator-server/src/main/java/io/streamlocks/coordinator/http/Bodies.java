package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The bodies of responses. JSON leaves out a field that is null. */
final class Bodies {

    /** The results of a batch, in the order of its items. */
    record Batch(List<Item> results) implements Response.Ok {}

    /**
     * A result of a batch: a lease, a problem, or neither. Its status is that of the response to a single call. This
     * class is not a record, because the constructor of a record would accept a status that contradicts the rest.
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonPropertyOrder({"status", "streamId", "lease", "problem"})
    static final class Item {

        @JsonProperty
        private final int status;

        /** The stream of the item, unless there is a lease, which contains it. */
        @JsonProperty
        private final @Nullable String streamId;

        @JsonProperty
        private final LeaseBodies.@Nullable LeaseBody lease;

        @JsonProperty
        private final @Nullable Problem problem;

        private Item(
                Response single,
                @Nullable String streamId,
                LeaseBodies.@Nullable LeaseBody lease,
                @Nullable Problem problem) {
            this.status = single.statusCode();
            this.streamId = streamId;
            this.lease = lease;
            this.problem = problem;
        }

        /** Returns the result of an item that has a lease. */
        static Item granted(LeaseBodies.LeaseBody lease) {
            return new Item(lease, null, lease, null);
        }

        /** Returns the result of an item that succeeded and has no lease any more. */
        static Item empty(String streamId, Response.Empty single) {
            return new Item(single, streamId, null, null);
        }

        /** Returns the result of an item that failed. */
        static Item refused(String streamId, Problem problem) {
            return new Item(problem, streamId, null, problem);
        }

        /** Returns the result of an item that did not become a request. */
        static Item refused(Problem problem) {
            return new Item(problem, null, null, problem);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record GrantBody(
            String streamId,
            String ownerId,
            long fencingToken,
            @Nullable Map<String, String> labels,
            String acquiredAt,
            @Nullable String endedAt,
            @Nullable String endReason,
            @Nullable String endedBy,
            @Nullable String breakReason,
            @Nullable Long waitedMs)
            implements Response.Ok {

        static GrantBody of(Grant grant) {
            Optional<Grant.End> end = grant.end();
            return new GrantBody(
                    grant.streamId(),
                    grant.ownerId(),
                    grant.fencingToken(),
                    orNull(grant.labels()),
                    grant.acquiredAt().toString(),
                    end.map(over -> over.at().toString()).orElse(null),
                    end.map(over -> name(over.reason())).orElse(null),
                    end.flatMap(Grant.End::by).orElse(null),
                    end.flatMap(Grant.End::breakReason).orElse(null),
                    grant.waited().map(Duration::toMillis).orElse(null));
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record GrantPageBody(List<GrantBody> grants, @Nullable String nextPageToken) implements Response.Ok {

        static GrantPageBody of(GrantPage page, Function<GrantPage.Position, String> token) {
            return new GrantPageBody(
                    page.grants().stream().map(GrantBody::of).toList(),
                    page.next().map(token).orElse(null));
        }
    }

    record Health(String status) implements Response.Ok {}

    /**
     * The body of a response that is a problem. The problem of an item of a batch has no request of its own.
     *
     * @param requestId the call, as the server logs it
     */
    record ProblemBody(@JsonUnwrapped Problem problem, String requestId) {}

    /** Returns a value of the protocol as the API spells it. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Returns null for no labels, which leaves the field out. Most leases have none. */
    static @Nullable Map<String, String> orNull(Map<String, String> labels) {
        return labels.isEmpty() ? null : labels;
    }

    /** Returns null for no waiters, which leaves the field out. */
    static @Nullable Integer orNull(int waiting) {
        return waiting == 0 ? null : (Integer) waiting;
    }

    private Bodies() {}
}
