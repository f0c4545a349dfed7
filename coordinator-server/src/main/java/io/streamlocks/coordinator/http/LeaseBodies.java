package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of calls about leases and locks. Those of requests are as they were sent: any field may be missing, and is
 * then null, or out of range. JSON leaves out a field of a response that is null.
 */
final class LeaseBodies {

    record Acquire(
            @Nullable String ownerId,
            @Nullable String leaseId,
            @Nullable Long ttlMs,
            @Nullable Labels labels,
            @Nullable Long waitMs) {

        /**
         * Checks the fields.
         *
         * @param prefix what stands before the name of a field in a problem: nothing, or the item and a dot
         * @param streamId the stream, which was checked
         * @throws ProblemException with the first field that is not valid
         */
        AcquireRequest checked(String prefix, String streamId, Fields fields) {
            String owner = Fields.id(prefix + "ownerId", ownerId);
            UUID lease = Fields.leaseIdOrNew(prefix + "leaseId", leaseId);
            Duration ttl = fields.ttlOrDefault(prefix + "ttlMs", ttlMs);
            Map<String, String> shown = Fields.labels(prefix + "labels", labels);
            return new AcquireRequest(streamId, new Owner(owner, shown), lease, ttl);
        }
    }

    record Renew(@Nullable String leaseId, @Nullable Long ttlMs) {}

    record Release(@Nullable String leaseId) {}

    record AcquireItem(
            @Nullable String streamId,
            @Nullable String ownerId,
            @Nullable String leaseId,
            @Nullable Long ttlMs,
            @Nullable Labels labels) {

        /** Returns the item without its stream. */
        Acquire acquire() {
            return new Acquire(ownerId, leaseId, ttlMs, labels, null);
        }
    }

    record RenewItem(
            @Nullable String streamId,
            @Nullable String leaseId,
            @Nullable Long ttlMs) {}

    record ReleaseItem(@Nullable String streamId, @Nullable String leaseId) {}

    /** The labels of a lease as they were sent. Reading ends at the first one above the limit. */
    static final class Labels extends LinkedHashMap<String, String> {

        private static final long serialVersionUID = 1L;

        /** Signals a label above the limit. */
        static final class TooManyException extends RuntimeException {
            private static final long serialVersionUID = 1L;

            TooManyException() {
                super("Over " + Limits.MAX_LABELS + " labels", null, false, false);
            }
        }

        @Override
        public String put(String name, String value) {
            if (size() == Limits.MAX_LABELS) {
                throw new TooManyException();
            }
            return super.put(name, value);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record LeaseBody(
            String streamId,
            String ownerId,
            String leaseId,
            long fencingToken,
            long ttlMs,
            String acquiredAt,
            String expiresAt,
            @Nullable Map<String, String> labels,
            long expiresInMs,
            @Nullable Long waitedMs,
            @Nullable Integer waiting)
            implements Response.Ok, Response.ForItem {

        static LeaseBody of(Lease lease) {
            return of(lease, Duration.ZERO);
        }

        /** @param waited how long after the arrival of the call the server asked for the rest of the lease */
        static LeaseBody of(Lease lease, Duration waited) {
            Lock lock = lease.lock();
            return new LeaseBody(
                    lock.streamId(),
                    lock.ownerId(),
                    lease.leaseId().toString(),
                    lock.fencingToken(),
                    lock.ttl().toMillis(),
                    lock.acquiredAt().toString(),
                    lock.expiresAt().toString(),
                    Bodies.orNull(lock.owner().labels()),
                    lock.expiresIn().toMillis(),
                    waited.toMillis() > 0 ? (Long) waited.toMillis() : null,
                    Bodies.orNull(lock.waiting()));
        }

        @Override
        public Bodies.Item inBatch(String path, String stream) {
            return Bodies.Item.granted(this);
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
            @Nullable Map<String, String> labels,
            long expiresInMs,
            @Nullable Integer waiting)
            implements Response.Ok {

        static LockBody of(Lock lock) {
            return new LockBody(
                    lock.streamId(),
                    lock.ownerId(),
                    lock.fencingToken(),
                    lock.ttl().toMillis(),
                    lock.acquiredAt().toString(),
                    lock.expiresAt().toString(),
                    Bodies.orNull(lock.owner().labels()),
                    lock.expiresIn().toMillis(),
                    Bodies.orNull(lock.waiting()));
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record LockPageBody(List<LockBody> locks, @Nullable String nextPageToken) implements Response.Ok {

        static LockPageBody of(LockPage page, Optional<String> nextPageToken) {
            return new LockPageBody(page.locks().stream().map(LockBody::of).toList(), nextPageToken.orElse(null));
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record WaiterBody(
            String ownerId,
            int position,
            long waitingForMs,
            @Nullable Map<String, String> labels) {}

    record WaiterListBody(List<WaiterBody> waiters) implements Response.Ok {

        static WaiterListBody of(List<Waiter> waiters) {
            return new WaiterListBody(waiters.stream()
                    .map(waiter -> new WaiterBody(
                            waiter.owner().id(),
                            waiter.position(),
                            waiter.waitingFor().toMillis(),
                            Bodies.orNull(waiter.owner().labels())))
                    .toList());
        }
    }

    private LeaseBodies() {}
}
