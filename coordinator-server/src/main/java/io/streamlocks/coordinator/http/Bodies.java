package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
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
     * A result of a batch.
     *
     * @param status what the status of a single call would be
     * @param streamId the stream of the item, unless there is a lease, which contains it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Item(
            int status,
            @Nullable String streamId,
            LeaseBodies.@Nullable LeaseBody lease,
            @Nullable Problem problem) {

        /** Returns the result of an item that did not become a request. */
        static Item refused(Problem problem) {
            return new Item(problem.status(), null, null, problem);
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
            @Nullable String breakReason)
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
                    end.flatMap(Grant.End::breakReason).orElse(null));
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

    private Bodies() {}
}
