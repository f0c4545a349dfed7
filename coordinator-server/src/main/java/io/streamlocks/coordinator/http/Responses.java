package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The bodies of responses. */
final class Responses {

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record LeaseBody(
            String streamId,
            String ownerId,
            String leaseId,
            long fencingToken,
            long ttlMs,
            String acquiredAt,
            String expiresAt,
            Map<String, String> labels,
            long expiresInMs) {

        static LeaseBody of(Lease lease) {
            Lock lock = lease.lock();
            return new LeaseBody(
                    lock.streamId(),
                    lock.ownerId(),
                    lease.leaseId().toString(),
                    lock.fencingToken(),
                    lock.ttl().toMillis(),
                    lock.acquiredAt().toString(),
                    lock.expiresAt().toString(),
                    orNull(lock.labels()),
                    lock.expiresIn().toMillis());
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record LockBody(
            String streamId,
            String ownerId,
            long fencingToken,
            long ttlMs,
            String acquiredAt,
            String expiresAt,
            Map<String, String> labels,
            long expiresInMs) {

        static LockBody of(Lock lock) {
            return new LockBody(
                    lock.streamId(),
                    lock.ownerId(),
                    lock.fencingToken(),
                    lock.ttl().toMillis(),
                    lock.acquiredAt().toString(),
                    lock.expiresAt().toString(),
                    orNull(lock.labels()),
                    lock.expiresIn().toMillis());
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Page(List<LockBody> locks, String nextPageToken) {}

    record Batch(List<Result> results) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record GrantBody(
            String streamId,
            String ownerId,
            long fencingToken,
            Map<String, String> labels,
            String acquiredAt,
            String endedAt,
            String endReason,
            String endedBy,
            String breakReason) {

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
    record GrantPageBody(List<GrantBody> grants, String nextPageToken) {}

    record BrokenOwner(int brokenCount) {}

    /**
     * What became of one request: the body of a single call, or a result of a batch.
     *
     * @param streamId of the item of a batch that became a request, if there is no lease, which has it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Result(int status, String streamId, LeaseBody lease, Problem problem) {

        static Result of(Problem problem) {
            return new Result(problem.status(), null, null, problem);
        }

        static Result of(AcquireOutcome outcome) {
            if (outcome instanceof AcquireOutcome.Granted granted) {
                return of(granted.lease());
            }
            if (outcome instanceof AcquireOutcome.Held held) {
                return of(Problem.lockHeld(held.holder()));
            }
            if (outcome instanceof AcquireOutcome.Delayed delayed) {
                return of(Problem.lockDelayed(delayed.opensIn()));
            }
            if (outcome instanceof AcquireOutcome.Undecided) {
                return of(Problem.undecided());
            }
            return of(outcome instanceof AcquireOutcome.Blocked ? Problem.blocked() : Problem.leaseIdUsed());
        }

        static Result of(RenewOutcome outcome) {
            if (outcome instanceof RenewOutcome.Renewed renewed) {
                return of(renewed.lease());
            }
            if (outcome instanceof RenewOutcome.Undecided) {
                return of(Problem.undecided());
            }
            return of(
                    outcome instanceof RenewOutcome.Lost lost
                            ? Problem.leaseLost(lost.reason(), lost.breakReason())
                            : Problem.blocked());
        }

        static Result of(ReleaseOutcome outcome) {
            if (outcome instanceof ReleaseOutcome.Released) {
                return new Result(204, null, null, null);
            }
            if (outcome instanceof ReleaseOutcome.Undecided) {
                return of(Problem.undecided());
            }
            return of(
                    outcome instanceof ReleaseOutcome.Lost lost
                            ? Problem.leaseLost(lost.reason(), lost.breakReason())
                            : Problem.blocked());
        }

        /** The same for the item of a batch that stands at this path of the body. */
        Result ofItem(String path) {
            return problem == null || problem.field() == null
                    ? this
                    : new Result(status, streamId, lease, problem.withField(path + "." + problem.field()));
        }

        /** The same, which says what it is about: somebody on the way may have changed what the caller asked for. */
        Result about(String stream) {
            return lease != null ? this : new Result(status, stream, null, problem);
        }

        private static Result of(Lease lease) {
            return new Result(200, null, LeaseBody.of(lease), null);
        }
    }

    /**
     * The body of an answer that is a problem; that of an item of a batch has no request of its own.
     *
     * @param requestId the call, as the server's log has it
     */
    record Refusal(@JsonUnwrapped Problem problem, String requestId) {}

    record Health(String status) {}

    /** A value of the protocol as the API has it. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Most leases have no labels; the field is then left out. */
    static Map<String, String> orNull(Map<String, String> labels) {
        return labels.isEmpty() ? null : labels;
    }

    private Responses() {}
}
