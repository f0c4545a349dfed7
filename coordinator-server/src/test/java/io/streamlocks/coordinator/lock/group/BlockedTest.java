package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of requests whose streams another transaction has locked, and of those beside and behind them. */
class BlockedTest extends GroupCommitFixture {

    /** What is to be done later, and after how many milliseconds; a test does it. */
    private final Queue<Runnable> later = new ArrayDeque<>();

    private final List<Long> delays = new ArrayList<>();

    private GroupCommit patient;

    @BeforeEach
    void letTheStorageGo() {
        storage.letAllGo();
        patient = new GroupCommit(storage, answers, StatementObserver.NONE, nanoTime::get, writers, this::later);
    }

    @AfterEach
    void closeToo() {
        patient.close();
    }

    private synchronized void later(Runnable task, long ms) {
        later.add(task);
        delays.add(ms);
    }

    private synchronized Optional<Runnable> next() {
        return Optional.ofNullable(later.poll());
    }

    /** Waits for the next thing to be done later, and does it. */
    private void doTheNext() {
        await().until(() -> next().map(task -> {
                    task.run();
                    return true;
                })
                .orElse(false));
    }

    private void pass(int ms) {
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(ms));
    }

    private CompletableFuture<List<RenewOutcome>> renew(List<String> streamIds) {
        return patient.renew(streamIds.stream()
                .map(id -> new RenewRequest(id, leaseId, Optional.empty()))
                .toList());
    }

    private void grantAll() throws Exception {
        get(patient.acquire(streams.stream()
                .map(id -> new AcquireRequest(id, "alice", leaseId, TTL))
                .toList()));
    }

    @Test
    void aRequestThatWasBlockedIsTriedAgainAndCarriedOut() throws Exception {
        storage.locked.add(stream);
        var acquired = patient.acquire(List.of(new AcquireRequest(stream, "alice", leaseId, TTL)));
        doTheNext();
        await().until(() -> storage.statements.size() == 2);
        storage.locked.clear();
        doTheNext();
        assertThat(get(acquired)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(delays).as("longer each time").isEqualTo(List.of(5L, 10L));
    }

    @Test
    void otherCallsOfTheSameStatementDoNotWaitForIt() throws Exception {
        grantAll();
        storage.locked.add(stream);
        var blocked = renew(List.of(stream));
        var other = renew(List.of(streams.get(1)));
        assertThat(get(other)).hasOnlyElementsOfType(RenewOutcome.Renewed.class);
        assertThat(blocked).isNotDone();
    }

    @Test
    void theOthersOfItsCallWaitForItButNotForLong() throws Exception {
        grantAll();
        storage.locked.add(streams.get(3));
        var call = renew(streams);
        doTheNext();
        assertThat(call).isNotDone();
        await().until(() -> delays.size() == 2);
        pass(Backlog.MAX_BLOCKED_MS + 1);
        doTheNext();
        List<RenewOutcome> outcomes = get(call);
        assertThat(outcomes.get(3)).isInstanceOf(RenewOutcome.Blocked.class);
        assertThat(outcomes).filteredOn(RenewOutcome.Renewed.class::isInstance).hasSize(streams.size() - 1);
        assertThat(storage.statements.get(2))
                .as("the others are not carried out twice")
                .isEqualTo("renew " + List.of(streams.get(3)));
    }

    @Test
    void severalThatWereBlockedHaveTheirOutcomesInTheirPlaces() throws Exception {
        storage.locked.addAll(List.of(streams.get(1), streams.get(4), streams.get(6)));
        var call = patient.acquire(requests(streams));
        await().until(() -> delays.size() == 1);
        storage.locked.remove(streams.get(4));
        doTheNext();
        await().until(() -> delays.size() == 2);
        storage.locked.remove(streams.get(6));
        doTheNext();
        await().until(() -> delays.size() == 3);
        storage.locked.clear();
        doTheNext();
        assertThat(get(call).stream().map(outcome -> ((AcquireOutcome.Granted) outcome)
                        .lease()
                        .lock()
                        .streamId()))
                .isEqualTo(streams);
    }

    @Test
    void aRequestThatIsAloneWaitsForAsLongAsAnyCallMay() throws Exception {
        storage.locked.add(stream);
        var call = patient.acquire(requests(List.of(stream)));
        for (int tries = 1; tries <= 3; tries++) {
            pass(Backlog.MAX_BLOCKED_MS + 1);
            doTheNext();
            int seen = tries;
            await().until(() -> storage.statements.size() == seen + 1);
        }
        assertThat(call).isNotDone();
        pass(LATE_MS);
        doTheNext();
        assertThat(get(call)).containsExactly(new AcquireOutcome.Blocked());
    }

    @Test
    void nobodyOvertakesARequestThatWasBlocked() throws Exception {
        storage.locked.add(stream);
        var first = patient.acquire(List.of(new AcquireRequest(stream, "alice", leaseId, TTL)));
        await().until(() -> delays.size() == 1);
        storage.locked.clear();
        var second = patient.release(List.of(new ReleaseRequest(stream, leaseId)));
        var elsewhere = patient.acquire(requests(List.of(streams.get(1))));
        assertThat(get(elsewhere)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(second).isNotDone();
        doTheNext();
        assertThat(get(first)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(get(second)).containsExactly(new ReleaseOutcome.Released());
    }

    @Test
    void whatWasDecidedStandsThoughTheNextTryFails() throws Exception {
        storage.locked.add(streams.get(0));
        var call = patient.acquire(requests(streams));
        await().until(() -> delays.size() == 1);
        storage.failure = new StorageUnavailableException("away", null);
        doTheNext();
        assertBlockedFirst(get(call));
    }

    @Test
    void whatWasDecidedStandsWhenItIsClosed() throws Exception {
        storage.locked.add(streams.get(0));
        var call = patient.acquire(requests(streams));
        await().until(() -> delays.size() == 1);
        patient.close();
        assertBlockedFirst(get(call));
        doTheNext();
        assertThat(storage.statements).hasSize(1);
    }

    private void assertBlockedFirst(List<AcquireOutcome> outcomes) {
        assertThat(outcomes.get(0)).isInstanceOf(AcquireOutcome.Blocked.class);
        assertThat(outcomes.subList(1, streams.size())).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
    }

    @Test
    void aCallThatIsCancelledIsNotTriedAgain() throws Exception {
        storage.locked.add(stream);
        var call = patient.acquire(List.of(new AcquireRequest(stream, "alice", UUID.randomUUID(), TTL)));
        await().until(() -> delays.size() == 1);
        call.cancel(false);
        doTheNext();
        get(patient.acquire(requests(List.of(streams.get(1)))));
        assertThat(storage.statements).hasSize(2);
    }

    @Test
    void withoutABlockedRequestNothingIsDoneLater() throws Exception {
        get(patient.acquire(requests(streams)));
        assertThat(delays).isEmpty();
    }
}
