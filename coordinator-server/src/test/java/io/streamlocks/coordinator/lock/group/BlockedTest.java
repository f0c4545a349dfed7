package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
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

/** Requests whose streams another transaction has locked, and the requests beside and behind them. */
class BlockedTest extends GroupCommitFixture {

    /** The delayed tasks with their delays in ms. A test runs them. */
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

    /** Waits for the next delayed task, and runs it. */
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
        return patient.renew(
                "caller",
                streamIds.stream()
                        .map(id -> new RenewRequest(id, leaseId, Optional.empty()))
                        .toList());
    }

    private void grantAll() throws Exception {
        get(patient.acquire(
                "caller",
                streams.stream()
                        .map(id -> new AcquireRequest(id, "alice", leaseId, TTL))
                        .toList()));
    }

    @Test
    void aRequestThatWasBlockedIsTriedAgainAndCarriedOut() throws Exception {
        storage.locked.add(stream);
        var acquired = patient.acquire("caller", List.of(new AcquireRequest(stream, "alice", leaseId, TTL)));
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
    void theOtherRequestsOfItsCallWaitForItButNotForLong() throws Exception {
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
    void severalBlockedRequestsHaveTheirOutcomesAtTheirPositions() throws Exception {
        storage.locked.addAll(List.of(streams.get(1), streams.get(4), streams.get(6)));
        var call = patient.acquire("caller", requests(streams));
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
    void aRequestThatIsAloneWaitsForAsLongAsACallMay() throws Exception {
        storage.locked.add(stream);
        var call = patient.acquire("caller", requests(List.of(stream)));
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
    void aBlockedCallDelaysNoOtherCall() throws Exception {
        grantAll();
        storage.locked.add(stream);
        var blocked = renew(List.of(stream));
        await().until(() -> delays.size() == 1);
        var batch = renew(List.of(stream, streams.get(1)));
        await().until(() -> delays.size() == 2);
        var beside = renew(List.of(streams.get(1), streams.get(2)));
        assertThat(get(beside)).hasOnlyElementsOfType(RenewOutcome.Renewed.class);
        pass(Backlog.MAX_BLOCKED_MS + 1);
        doTheNext();
        doTheNext();
        assertThat(get(batch))
                .extracting(outcome -> outcome instanceof RenewOutcome.Renewed)
                .containsExactly(false, true);
        assertThat(blocked).isNotDone();
    }

    @Test
    void noTwoTriesAreFarApart() throws Exception {
        storage.locked.add(stream);
        var call = patient.acquire("caller", requests(List.of(stream)));
        for (int tries = 1; tries <= 5; tries++) {
            doTheNext();
        }
        await().until(() -> delays.size() == 6);
        storage.locked.clear();
        doTheNext();
        get(call);
        assertThat(delays).isEqualTo(List.of(5L, 10L, 20L, 20L, 20L, 20L));
    }

    @Test
    void aBlockedCallIsUnknownIfTheNextTryFails() throws Exception {
        // The statement may have been committed, so the call may have changed something.
        storage.locked.add(streams.get(0));
        var call = patient.acquire("caller", requests(streams));
        await().until(() -> delays.size() == 1);
        storage.failure = new StorageUnavailableException("away");
        doTheNext();
        assertFails(call, StorageUnavailableException.class);
    }

    @Test
    void aReadOfALockedStreamIsTriedAgainAndOccupiesNoThreadInBetween() throws Exception {
        storage.locked.add(stream);
        var found = patient.find("caller", stream);
        await().until(() -> delays.size() == 1);
        assertThat(get(patient.verifyWritable())).isNull();
        storage.locked.clear();
        doTheNext();
        assertThat(get(found)).isEmpty();
    }

    @Test
    void aReadOfAStreamThatStaysLockedIsBlockedAndNotAnOutage() throws Exception {
        storage.locked.add(stream);
        var found = patient.find("caller", stream);
        await().until(() -> delays.size() == 1);
        pass(Backlog.MAX_BLOCKED_MS + 1);
        doTheNext();
        assertFails(found, BlockedException.class);
    }

    @Test
    void decidedOutcomesRemainWhenGroupCommitIsClosed() throws Exception {
        storage.locked.add(streams.get(0));
        var call = patient.acquire("caller", requests(streams));
        await().until(() -> delays.size() == 1);
        patient.close();
        doTheNext();
        assertBlockedFirst(get(call));
        assertThat(storage.statements).hasSize(1);
    }

    private void assertBlockedFirst(List<AcquireOutcome> outcomes) {
        assertThat(outcomes.get(0)).isInstanceOf(AcquireOutcome.Blocked.class);
        assertThat(outcomes.subList(1, streams.size())).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
    }

    @Test
    void aCallThatIsCancelledIsNotTriedAgain() throws Exception {
        storage.locked.add(stream);
        var call = patient.acquire("caller", List.of(new AcquireRequest(stream, "alice", UUID.randomUUID(), TTL)));
        await().until(() -> delays.size() == 1);
        call.cancel(false);
        doTheNext();
        get(patient.acquire("caller", requests(List.of(streams.get(1)))));
        assertThat(storage.statements).hasSize(2);
    }

    @Test
    void withoutABlockedRequestNoTaskIsDelayed() throws Exception {
        get(patient.acquire("caller", requests(streams)));
        assertThat(delays).isEmpty();
    }
}
