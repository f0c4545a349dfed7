package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How callers share statements, the room to wait, and the threads that read. */
class FairnessTest extends GroupCommitFixture {

    private final List<CompletableFuture<?>> calls = new ArrayList<>();

    /** Returns streams whose ids contain their caller. */
    private static List<String> streamsOf(String caller, int count) {
        return ids().limit(count).map(id -> caller + "-" + id).toList();
    }

    private List<String> acquire(String caller, int count) {
        List<String> ids = streamsOf(caller, count);
        calls.add(locks.acquire(caller, requests(ids)));
        return ids;
    }

    private void release(String caller, int count) {
        calls.add(locks.release(
                caller,
                streamsOf(caller, count).stream()
                        .map(id -> new ReleaseRequest(id, UUID.randomUUID()))
                        .toList()));
    }

    /** Starts the maximum number of statements, so that all later calls wait. */
    private void fillLane() {
        for (int i = 1; i <= Lane.MAX_STATEMENTS; i++) {
            acquire("first", Lane.MANY_REQUESTS);
            int begun = i;
            await().until(() -> storage.statements.size() == begun);
        }
    }

    private String statement(int index) {
        await().until(() -> storage.statements.size() > index);
        return storage.statements.get(index);
    }

    /** Returns the number of streams of a caller in a statement. */
    private static long of(String caller, String statement) {
        return Stream.of(statement.split("[\\[, \\]]+"))
                .filter(id -> id.startsWith(caller + "-"))
                .count();
    }

    private void finish() throws Exception {
        storage.letAllGo();
        for (var call : calls) {
            get(call);
        }
    }

    @Test
    void batchesOfAThousandPushNoCallerOutOfTheNextStatement() throws Exception {
        fillLane();
        for (int i = 0; i < 10; i++) {
            acquire("greedy", 1000);
        }
        acquire("modest", 1);
        storage.letGo(1);
        assertThat(of("modest", statement(2))).isOne();
        assertThat(of("greedy", statement(2))).as("all the room that is left").isEqualTo(999);
        finish();
    }

    @Test
    void aCallThatIsCarriedOutInPartsHasItsOutcomesAtTheirPositions() throws Exception {
        fillLane();
        List<String> ids = streamsOf("greedy", 1000);
        var greedy = locks.acquire("greedy", requests(ids));
        acquire("modest", 300);
        storage.letAllGo();
        assertThat(get(greedy).stream().map(outcome -> ((AcquireOutcome.Granted) outcome)
                        .lease()
                        .lock()
                        .streamId()))
                .isEqualTo(ids);
        assertThat(storage.largest).isEqualTo(1000);
        finish();
    }

    @Test
    void eachCallerGetsItsPartOfAStatementBeforeAnyCallerGetsMore() throws Exception {
        fillLane();
        for (int i = 0; i < 20; i++) {
            acquire("a", 100);
        }
        for (int i = 0; i < 20; i++) {
            acquire("b", 50);
        }
        acquire("c", 1000);
        acquire("d", 10);
        storage.letGo(1);
        String next = statement(2);
        assertThat(of("a", next)).isGreaterThanOrEqualTo(200);
        assertThat(of("b", next)).isEqualTo(250);
        assertThat(of("c", next)).isGreaterThanOrEqualTo(250);
        assertThat(of("d", next)).isEqualTo(10);
        assertThat(storage.largest).isEqualTo(1000);
        finish();
    }

    @Test
    void callersTakeTurnsInDecidingTheKindOfAStatement() throws Exception {
        fillLane();
        for (int i = 0; i < 20; i++) {
            release("greedy", 1000);
        }
        acquire("modest", 1);
        storage.letGo(2);
        statement(3);
        assertThat(storage.statements.subList(2, 4))
                .filteredOn(statement -> of("modest", statement) == 1)
                .hasSize(1);
        finish();
    }

    @Test
    void aCallerThatGetsPartOfAFloodOfOneKindKeepsItsTurnForTheOther() throws Exception {
        fillLane();
        for (int i = 0; i < 10; i++) {
            release("greedy", 1000);
        }
        List<String> acquired = acquire("modest", 1);
        for (int i = 0; i < 8; i++) {
            release("modest", 300);
        }
        storage.letGo(1);
        statement(2);
        storage.letGo(1);
        statement(3);
        assertThat(storage.statements.subList(2, 4))
                .filteredOn(statement -> statement.contains(acquired.get(0)))
                .hasSize(1);
        finish();
    }

    @Test
    void largeCallsGetTheirTurnAmongSmallOnesOfAnotherKind() throws Exception {
        fillLane();
        acquire("large", 1000);
        for (int i = 0; i < 20; i++) {
            release("small", 100);
        }
        storage.letGo(1);
        assertThat(of("large", statement(2))).isEqualTo(1000);
        finish();
    }

    @Test
    void theCallsOfOneCallerForAStreamStayInOrderBesideThoseOfOthers() throws Exception {
        fillLane();
        var granted = locks.acquire("caller", requests(List.of(stream)));
        acquire("other", 1000);
        var held = locks.acquire("caller", requests(List.of(streams.get(1), stream)));
        storage.letAllGo();
        assertThat(get(granted)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(get(held).get(1)).isInstanceOf(AcquireOutcome.Held.class);
        finish();
    }

    @Test
    void aCallerWithTooManyWaitingRequestsIsRejectedAndOthersAreNot() throws Exception {
        fillLane();
        for (int i = 0; i < 75; i++) {
            acquire("greedy", 1000);
        }
        assertFails(locks.acquire("greedy", requests(List.of(stream))), OverloadedException.class);
        acquire("modest", 1000);
        assertFails(locks.acquire("greedy", requests(List.of(stream))), OverloadedException.class);
        acquire("another", 1000);
        finish();
    }

    @Test
    void theListsOfOneCallerDelayNeitherOthersNorTheHealthCheck() throws Exception {
        var lists = IntStream.range(0, 32).mapToObj(i -> list("greedy")).toList();
        await().until(() -> storage.statements.size() == 1);
        assertThat(lists)
                .filteredOn(CompletableFuture::isCompletedExceptionally)
                .hasSize(15);
        var other = list("modest");
        var check = locks.verifyWritable();
        var found = locks.find("greedy", stream);
        await().until(() -> storage.statements.size() == 4);
        assertThat(storage.statements).contains("verify []", "find [" + stream + "]");
        storage.letAllGo();
        get(other);
        get(check);
        get(found);
        for (var list : lists.subList(0, 17)) {
            get(list);
        }
        assertFails(lists.get(17), OverloadedException.class);
        get(list("greedy"));
    }

    private CompletableFuture<?> list(String caller) {
        return locks.read(caller, StatementKind.LIST, reads -> reads.list(new LockQuery(Optional.empty(), "", "", 10)));
    }

    @Test
    void aReportThatWaitsDelaysNeitherTheReportsOfOthersNorALook() throws Exception {
        CountDownLatch rowIsFree = new CountDownLatch(1);
        var waiting = IntStream.range(0, 3)
                .mapToObj(i -> locks.group("greedy", groups -> awaited(rowIsFree)))
                .toList();
        String reported = get(locks.group("modest", groups -> "reported"));
        assertThat(reported).isEqualTo("reported");
        var second = locks.group("modest", groups -> awaited(rowIsFree));
        List<GroupSummary> listed = get(locks.listGroups("other", ""));
        assertThat(listed).isEmpty();
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        rowIsFree.countDown();
        for (var call : waiting) {
            get(call);
        }
        get(second);
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void callsDuringACheckShareTheNextCheck() throws Exception {
        var first = locks.verifyWritable();
        await().until(() -> storage.statements.size() == 1);
        var others =
                IntStream.range(0, 5000).mapToObj(i -> locks.verifyWritable()).toList();
        storage.letAllGo();
        get(first);
        for (var other : others) {
            get(other);
        }
        assertThat(storage.statements).containsExactly("verify []", "verify []");
        get(locks.verifyWritable());
        assertThat(storage.statements).hasSize(3);
    }
}
