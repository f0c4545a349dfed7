package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How a server finds out about hand-overs, and about places that are gone. */
class AwaitedStreamsTest extends WaitingFixture {

    @Test
    void aLostReportDelaysAGrantByLessThanASecond() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        time.pass(Duration.ofMillis(300));
        storage.listener = null;
        release(lease);
        assertThat(bob).isNotDone();
        time.pass(Duration.ofMillis(700));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void allStreamsAreLookedAtFourTimesPerSecondWhileNoHandOverIsReported() {
        storage.reports = false;
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        assertThat(observed.notified.getAsInt()).isZero();
        time.pass(Duration.ofMillis(260));
        release(lease);
        time.pass(Duration.ofMillis(239));
        assertThat(bob).isNotDone();
        time.pass(Duration.ofMillis(1));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void oneStatementLooksAtAllStreams() {
        List<AcquireRequest> requests = IntStream.range(0, 500)
                .mapToObj(i -> request(stream + i, "bob"))
                .toList();
        requests.forEach(request -> grant(request.streamId(), "alice", TTL));
        requests.forEach(this::call);
        storage.calls.clear();
        time.pass(Duration.ofMillis(AwaitedStreams.LOOK_MS));
        assertThat(storage.calls).containsExactly("look 500");
    }

    @Test
    void allStreamsAreLookedAtWhenReportsMayHaveBeenLost() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.reports = false;
        release(lease);
        assertThat(bob).isNotDone();
        storage.listener.reportsLost();
        time.settle();
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aReportThatIsKnownOrConcernsNobodyCausesNoLook() {
        Lease lease = grant("alice");
        call(request("bob"));
        storage.calls.clear();
        storage.listener.handedOver(stream, lease.lock().fencingToken());
        storage.listener.handedOver("other", Long.MAX_VALUE);
        time.settle();
        assertThat(storage.calls).isEmpty();
    }

    @Test
    void aLookThatFailsIsRepeatedWithTheNextTick() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.failing.add("look");
        release(lease);
        time.pass(Duration.ofSeconds(3));
        assertThat(bob).isNotDone();
        assertThat(observed.failures).hasSizeGreaterThan(2).hasOnlyElementsOfType(StorageUnavailableException.class);
        storage.failing.clear();
        time.pass(Duration.ofSeconds(1));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aLookThatEndsWithAnErrorIsRepeatedWithTheNextTick() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.broken = true;
        assertThatThrownBy(() -> release(lease)).isInstanceOf(StackOverflowError.class);
        storage.broken = false;
        time.pass(Duration.ofSeconds(1));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void anExpiredLeaseIsHandedOverAgainIfAnAdvanceFails() {
        grant(stream, "alice", Duration.ofSeconds(5));
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.failing.add("advance");
        time.pass(Duration.ofSeconds(7));
        assertThat(bob).isNotDone();
        storage.failing.clear();
        time.pass(Duration.ofSeconds(1));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aLeaseThatIsRenewedInTimeIsNotHandedOver() {
        Lease lease = grant(stream, "alice", Duration.ofSeconds(2));
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        for (int i = 0; i < 8; i++) {
            time.pass(Duration.ofMillis(1_900));
            storage.next().renew(List.of(new RenewRequest(stream, lease.leaseId(), Optional.empty())));
        }
        assertThat(bob).isNotDone();
        assertThat(holder()).contains("alice");
        assertThat(time.timers()).as("a tick, a deadline and at most a timer").isLessThanOrEqualTo(3);
    }

    @Test
    void aCallThatHasLostItsPlaceEndsAndIsCounted() {
        Lease lease = grant("alice");
        AcquireRequest request = request("bob");
        CompletableFuture<List<AcquireOutcome>> bob = call(request);
        release(stream, request.leaseId());
        time.pass(Duration.ofSeconds(6));
        AcquireOutcome.Held held = (AcquireOutcome.Held) outcome(bob);
        assertThat(held.holder().ownerId()).isEqualTo("alice");
        assertThat(held.position()).isEmpty();
        assertThat(observed.lost).isEqualTo(1);
        assertThatNothingIsLeft();
        CompletableFuture<List<AcquireOutcome>> again = call(request);
        release(lease);
        assertThat(grantOf(again).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aCallWhosePlaceWasGivenUpIsNotGrantedAStreamThatIsFree() {
        Lease lease = grant("alice");
        AcquireRequest request = request("bob");
        CompletableFuture<List<AcquireOutcome>> bob = call(request);
        release(stream, request.leaseId());
        release(lease);
        time.pass(Duration.ofSeconds(6));
        assertThat(outcome(bob)).isInstanceOf(AcquireOutcome.Awaited.class);
        assertThat(holder()).isEmpty();
        assertThatNothingIsLeft();
    }

    @Test
    void theSearchForLostPlacesIsRepeatedAfterAFailure() {
        grant("alice");
        AcquireRequest request = request("bob");
        CompletableFuture<List<AcquireOutcome>> bob = call(request);
        release(stream, request.leaseId());
        storage.failing.add("withoutPlace");
        time.pass(Duration.ofSeconds(7));
        assertThat(bob).isNotDone();
        storage.failing.clear();
        time.pass(Duration.ofSeconds(6));
        assertThat(outcome(bob)).isInstanceOf(AcquireOutcome.Held.class);
    }

    @Test
    void aCallWhoseLeaseWasGrantedAndEndedElsewhereEndsAndIsNotGrantedAgain() {
        Lease lease = grant("alice");
        AcquireRequest request = request("bob");
        CompletableFuture<List<AcquireOutcome>> bob = call(request);
        // The client got its lease from another server, and has released it.
        storage.reports = false;
        release(lease);
        release(stream, request.leaseId());
        grant("carol");
        time.pass(Duration.ofSeconds(6));
        assertThat(outcome(bob)).isInstanceOf(AcquireOutcome.LeaseIdUsed.class);
        assertThatNothingIsLeft();
    }

    @Test
    void aThousandCallsLeaveNothing() {
        assertThatCallsLeaveNothing(1_000);
    }

    @Test
    @Tag("slow")
    void aHundredThousandCallsLeaveNothing() {
        assertThatCallsLeaveNothing(100_000);
    }

    private void assertThatCallsLeaveNothing(int calls) {
        List<Lease> held = new ArrayList<>();
        // Each stream has calls of one kind only.
        for (int i = 0; i < 99; i++) {
            held.add(grant(stream + i, "alice", TTL));
        }
        for (int i = 0; i < calls; i++) {
            int of = i % held.size();
            AcquireRequest request = request(stream + of, "w" + i);
            CompletableFuture<List<AcquireOutcome>> call = call(room, Duration.ofMillis(1 + i % 50), request);
            switch (i % 3) {
                case 0 -> {
                    release(held.get(of));
                    held.set(of, granted(outcome(call)));
                }
                case 1 -> closings.get(closings.size() - 1).run();
                default -> assertThat(call).isNotDone();
            }
            closings.clear();
            storage.calls.clear();
            storage.left.clear();
            time.pass(Duration.ofMillis(1));
            if (i % 1000 == 0) {
                storage.next().purge(TTL);
            }
        }
        time.pass(WAIT);
        assertThatNothingIsLeft();
        assertThat(observed.granted + observed.notGranted).isEqualTo(calls);
    }
}
