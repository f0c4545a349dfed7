package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that a statement could not decide, because other requests for their stream went first. */
class UndecidedTest extends GroupCommitFixture {

    @BeforeEach
    void grantAll() throws Exception {
        storage.letGo(1);
        get(locks.acquire(
                "caller",
                streams.stream()
                        .map(id -> new AcquireRequest(id, "alice", leaseId, TTL))
                        .toList()));
        storage.statements.clear();
        storage.oneDecisionEach = true;
    }

    private RenewRequest renewal(String streamId, int seconds) {
        return new RenewRequest(streamId, leaseId, Optional.of(Duration.ofSeconds(seconds)));
    }

    private CompletableFuture<List<RenewOutcome>> renew(String caller, RenewRequest... requests) {
        return locks.renew(caller, List.of(requests));
    }

    private static List<Long> ttls(List<RenewOutcome> outcomes) {
        return outcomes.stream()
                .map(outcome ->
                        ((RenewOutcome.Renewed) outcome).lease().lock().ttl().toSeconds())
                .toList();
    }

    private void awaitStatements(int count) {
        await().until(() -> storage.statements.size() == count);
    }

    @Test
    void undecidedRequestsAreDecidedByTheNextStatementsInTheirOrder() throws Exception {
        storage.letAllGo();
        var call = renew(
                "caller", renewal(stream, 10), renewal(streams.get(1), 40), renewal(stream, 20), renewal(stream, 30));
        assertThat(ttls(get(call))).containsExactly(10L, 40L, 20L, 30L);
        assertThat(storage.statements)
                .containsExactly(
                        "renew " + List.of(stream, streams.get(1), stream, stream),
                        "renew " + List.of(stream, stream),
                        "renew " + List.of(stream));
    }

    @Test
    void otherCallsOfTheSameStatementDoNotWaitForThem() throws Exception {
        var first = renew("other", renewal(streams.get(7), 30));
        awaitStatements(1);
        var repeats = renew("greedy", renewal(stream, 10), renewal(stream, 20));
        var other = renew("modest", renewal(streams.get(1), 30));
        storage.letGo(2);
        get(first);
        assertThat(ttls(get(other))).containsExactly(30L);
        awaitStatements(3);
        assertThat(repeats).isNotDone();
        storage.letAllGo();
        assertThat(ttls(get(repeats))).containsExactly(10L, 20L);
    }

    @Test
    void noLaterCallOfTheirCallerOvertakesUndecidedRequests() throws Exception {
        var call = renew("caller", renewal(stream, 10), renewal(stream, 20));
        awaitStatements(1);
        var later = renew("caller", renewal(stream, 30));
        storage.letAllGo();
        get(call);
        get(later);
        assertThat(get(locks.find("caller", stream)).orElseThrow().ttl()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void afterTheTimeThatACallMayWaitOnlyTheseRequestsAreUndecided() throws Exception {
        var call = renew(
                "greedy", renewal(stream, 10), renewal(stream, 20), renewal(streams.get(1), 30), renewal(stream, 40));
        awaitStatements(1);
        var inTime = renew("modest", renewal(streams.get(2), 30));
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(Backlog.MAX_WAIT_MS));
        storage.letGo(1);
        awaitStatements(2);
        nanoTime.addAndGet(1);
        storage.letAllGo();
        List<RenewOutcome> outcomes = get(call);
        assertThat(outcomes.get(3)).isEqualTo(new RenewOutcome.Undecided());
        assertThat(ttls(outcomes.subList(0, 3))).containsExactly(10L, 20L, 30L);
        assertThat(ttls(get(inTime))).containsExactly(30L);
    }

    @Test
    void aThousandUndecidedRequestsLeaveEachOtherCallItsPlaceInTheNextStatement() throws Exception {
        var repeats = locks.renew(
                "greedy",
                IntStream.range(0, 1000).mapToObj(i -> renewal(stream, i + 10)).toList());
        awaitStatements(1);
        for (int i = 1; i < 8; i++) {
            // One or two statements with the repeats are under way.
            var other = renew("modest", renewal(streams.get(i), 30));
            storage.letGo(2);
            String name = streams.get(i);
            await().until(() -> storage.statements.stream().anyMatch(statement -> statement.contains(name)));
            storage.letGo(1);
            assertThat(ttls(get(other))).containsExactly(30L);
        }
        assertThat(repeats).isNotDone();
    }

    @Test
    void blockedRequestsAreTriedLaterAndUndecidedOnesAtOnce() throws Exception {
        storage.locked.add(streams.get(1));
        storage.letAllGo();
        var call = renew("caller", renewal(stream, 10), renewal(streams.get(1), 20), renewal(stream, 30));
        await().until(() -> storage.statements.contains("renew " + List.of(stream)));
        await().until(() -> storage.statements.contains("renew " + List.of(streams.get(1))));
        storage.locked.clear();
        assertThat(ttls(get(call))).containsExactly(10L, 20L, 30L);
    }

    @Test
    void anUndecidedCallIsUnknownIfTheNextStatementFails() throws Exception {
        var call = renew("caller", renewal(stream, 10), renewal(stream, 20));
        storage.letGo(1);
        awaitStatements(2);
        storage.failure = new StorageUnavailableException("away");
        storage.letGo(1);
        assertFails(call, StorageUnavailableException.class);
    }

    @Test
    void decidedOutcomesRemainWhenGroupCommitIsClosed() throws Exception {
        var call = renew("caller", renewal(stream, 10), renewal(stream, 20));
        awaitStatements(1);
        locks.close();
        storage.letAllGo();
        assertThat(get(call).get(0)).isInstanceOf(RenewOutcome.Renewed.class);
        assertThat(get(call).get(1)).isEqualTo(new RenewOutcome.Undecided());
    }

    @Test
    void noUndecidedRequestStaysCounted() throws Exception {
        storage.letAllGo();
        for (int i = 0; i < 100; i++) {
            get(locks.renew("caller", Collections.nCopies(10, renewal(stream, 10))));
        }
        for (int i = 0; i < 75; i++) {
            get(locks.renew(
                    "caller", streams.stream().map(id -> renewal(id, 10)).toList()));
        }
        // It would be rejected at once if there were no room for all of it.
        var all = locks.acquire(
                "caller", requests(ids().limit(Backlog.MAX_REQUESTS / 4 * 3).toList()));
        assertThat(all.isCompletedExceptionally()).isFalse();
    }
}
