package io.streamlocks.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The methods that a backend implements for the contract suite, and those that its tests share. */
public interface ContractFixture {

    /** The ttl of leases, unless a test chooses another one. */
    Duration TTL = Duration.ofSeconds(30);

    /** Returns the backend under test. */
    LockManager locks();

    /** Returns the stream of this test. */
    String stream();

    /** Lets the latest lease of the stream expire now, if it is live. */
    void expire(String streamId);

    /** Lets a moment pass, if the clock does not run by itself. */
    default void tick() {}

    /** Makes the stream idle for this much longer. */
    void age(String streamId, Duration by);

    /** Returns a request for the stream of this test. */
    default AcquireRequest request(String ownerId, UUID leaseId, Duration ttl) {
        return new AcquireRequest(stream(), ownerId, leaseId, ttl);
    }

    /** Acquires, and repeats the request until it is not blocked. */
    default AcquireOutcome acquire(AcquireRequest request) {
        return decided(() -> locks().acquire(List.of(request)).get(0), AcquireOutcome.Blocked.class);
    }

    /** Asks again while another call has the stream locked, as group commit does. */
    static <T> T decided(Supplier<T> call, Class<? extends T> blocked) {
        AtomicReference<T> outcome = new AtomicReference<>();
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> {
            outcome.set(call.get());
            return !blocked.isInstance(outcome.get());
        });
        return Objects.requireNonNull(outcome.get());
    }

    /** Acquires the stream of this test under a new lease id, and returns the lease. Fails if it is not granted. */
    default Lease grant(String ownerId) {
        return granted(acquire(request(ownerId, UUID.randomUUID(), TTL)));
    }

    /** Acquires these streams, each under a new lease id. Fails if not all are granted. */
    default void grantAll(List<String> streamIds, String ownerId) {
        assertThat(locks().acquire(streamIds.stream()
                        .map(id -> new AcquireRequest(id, ownerId, UUID.randomUUID(), TTL))
                        .toList()))
                .hasOnlyElementsOfType(Granted.class);
    }

    /** Returns the lease of an outcome. Fails if the outcome is not a grant. */
    static Lease granted(AcquireOutcome outcome) {
        assertThat(outcome).isInstanceOf(Granted.class);
        return ((Granted) outcome).lease();
    }

    /** Renews with the ttl of the lease, and repeats the request until it is not blocked. */
    default RenewOutcome renew(Lease lease) {
        return renew(lease, Optional.empty());
    }

    /** Renews with this ttl, and repeats the request until it is not blocked. */
    default RenewOutcome renew(Lease lease, Optional<Duration> ttl) {
        return renew(renewal(lease, ttl));
    }

    /** Renews, and repeats the request until it is not blocked. */
    default RenewOutcome renew(RenewRequest request) {
        return decided(() -> locks().renew(List.of(request)).get(0), RenewOutcome.Blocked.class);
    }

    /** Renews, and repeats the undecided requests until all are decided, as group commit does. */
    default List<RenewOutcome> renewUntilDecided(List<RenewRequest> requests) {
        List<RenewOutcome> outcomes = new ArrayList<>(locks().renew(requests));
        List<Integer> undecided = IntStream.range(0, requests.size())
                .filter(i -> outcomes.get(i) instanceof RenewOutcome.Undecided)
                .boxed()
                .toList();
        if (!undecided.isEmpty()) {
            assertThat(undecided).as("the first is decided").hasSizeLessThan(requests.size());
            List<RenewOutcome> later =
                    renewUntilDecided(undecided.stream().map(requests::get).toList());
            for (int i = 0; i < later.size(); i++) {
                outcomes.set(undecided.get(i), later.get(i));
            }
        }
        return outcomes;
    }

    /** Returns the request that renews a lease. */
    static RenewRequest renewal(Lease lease, Optional<Duration> ttl) {
        return new RenewRequest(lease.lock().streamId(), lease.leaseId(), ttl);
    }

    /** Returns the lease of an outcome. Fails if the outcome is not a renewal. */
    static Lease renewed(RenewOutcome outcome) {
        assertThat(outcome).isInstanceOf(RenewOutcome.Renewed.class);
        return ((RenewOutcome.Renewed) outcome).lease();
    }

    /** Releases, and repeats the request until it is not blocked. */
    default ReleaseOutcome release(Lease lease) {
        return release(releaseOf(lease));
    }

    /** Releases, and repeats the request until it is not blocked. */
    default ReleaseOutcome release(ReleaseRequest request) {
        return decided(() -> locks().release(List.of(request)).get(0), ReleaseOutcome.Blocked.class);
    }

    /** Returns the request that releases a lease. */
    static ReleaseRequest releaseOf(Lease lease) {
        return new ReleaseRequest(lease.lock().streamId(), lease.leaseId());
    }

    /** Fails unless the lease was lost for this reason. */
    static void assertLost(RenewOutcome outcome, LossReason reason) {
        assertThat(outcome).isEqualTo(new RenewOutcome.Lost(reason));
    }

    /** Fails unless the lease was lost for this reason. */
    static void assertLost(ReleaseOutcome outcome, LossReason reason) {
        assertThat(outcome).isEqualTo(new ReleaseOutcome.Lost(reason));
    }

    /** Returns the ids of the streams on one page, in their order. */
    default List<String> listed(LockQuery query) {
        return locks().reads().list(query).locks().stream().map(Lock::streamId).toList();
    }

    /** Returns the grants of the stream, latest first. */
    default List<Grant> history(String streamId) {
        return locks().reads()
                .history(new StreamHistoryQuery(streamId, Optional.empty(), Long.MAX_VALUE, 1000))
                .grants();
    }

    /** Returns a copy in random order. */
    static <T> List<T> shuffled(List<T> list) {
        List<T> copy = new ArrayList<>(list);
        Collections.shuffle(copy);
        return copy;
    }
}
