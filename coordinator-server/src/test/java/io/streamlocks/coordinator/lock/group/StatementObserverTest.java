package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An observer is informed of each statement, before the futures are completed. */
class StatementObserverTest {

    private final AtomicLong nanoTime = new AtomicLong();
    private final HeldUpLocks storage = new HeldUpLocks();
    private final ExecutorService answers = Executors.newSingleThreadExecutor();
    private final Notes notes = new Notes();
    private final GroupCommit locks = new GroupCommit(storage, answers, notes, nanoTime::get);

    /** Records what it is informed of, with a number for each call. */
    private static final class Notes implements StatementObserver {
        private final List<String> waits = new CopyOnWriteArrayList<>();
        private final List<List<Execution>> calls = new CopyOnWriteArrayList<>();
        private final List<CallerLimit> refusals = new CopyOnWriteArrayList<>();
        private volatile boolean interested = true;

        @Override
        public Consumer<Execution> asked() {
            if (!interested) {
                return UNOBSERVED;
            }
            List<Execution> executions = new CopyOnWriteArrayList<>();
            calls.add(executions);
            return executions::add;
        }

        @Override
        public void waited(StatementKind kind, long nanos) {
            waits.add(kind.word() + " " + nanos);
        }

        @Override
        public void refused(CallerLimit limit) {
            refusals.add(limit);
        }
    }

    @AfterEach
    void close() {
        locks.close();
        storage.letAllGo();
        answers.shutdownNow();
    }

    @Test
    void eachCallIsReportedWithItsStatementAndItsWait() throws Exception {
        nanoTime.set(100);
        var first = acquire(1);
        await().until(() -> storage.statements.size() == 1);
        nanoTime.set(200);
        var second = acquire(2);
        nanoTime.set(300);
        notes.interested = false;
        var third = acquire(1);
        nanoTime.set(400);
        storage.letGo(1);
        get(first);
        await().until(() -> storage.statements.size() == 2);
        storage.letGo(1);
        get(second);
        get(third);

        assertThat(notes.waits).containsExactly("acquire 0", "acquire 200", "acquire 100");
        assertThat(notes.calls)
                .containsExactly(
                        List.of(new Execution(StatementKind.ACQUIRE, 1, 100, 400, Optional.empty())),
                        List.of(new Execution(StatementKind.ACQUIRE, 3, 400, 400, Optional.empty())));
    }

    @Test
    void aFailedStatementIsReportedWithItsFailure() {
        StorageUnavailableException failure = new StorageUnavailableException("away");
        storage.failure = failure;
        storage.letAllGo();
        assertThat(acquire(1)).failsWithin(5, TimeUnit.SECONDS);
        assertThat(notes.calls.get(0))
                .containsExactly(new Execution(StatementKind.ACQUIRE, 1, 0, 0, Optional.of(failure)));
    }

    @Test
    void aCallThatWaitedForTooLongIsReportedWithItsWaitAndNoStatement() throws Exception {
        var first = acquire(1);
        await().until(() -> storage.statements.size() == 1);
        var late = acquire(1);
        long tooLong = TimeUnit.MILLISECONDS.toNanos(Backlog.MAX_WAIT_MS) + 1;
        nanoTime.set(tooLong);
        storage.letAllGo();
        get(first);
        assertThat(late).failsWithin(5, TimeUnit.SECONDS);
        assertThat(notes.waits).containsExactlyInAnyOrder("acquire 0", "acquire " + tooLong);
        assertThat(notes.calls.get(1)).isEmpty();
    }

    @Test
    void readsAreReportedLikeChanges() throws Exception {
        storage.letAllGo();
        get(locks.find("caller", "s"));
        get(locks.verifyWritable());
        storage.failure = new IllegalStateException("broken");
        assertThat(locks.find("caller", "s")).failsWithin(5, TimeUnit.SECONDS);

        assertThat(notes.waits).containsExactly("find 0", "check 0", "find 0");
        assertThat(notes.calls.stream().map(call -> call.get(0).kind()))
                .containsExactly(StatementKind.FIND, StatementKind.CHECK, StatementKind.FIND);
        assertThat(notes.calls.get(2).get(0).failure()).containsInstanceOf(IllegalStateException.class);
    }

    private CompletableFuture<?> acquire(int count) {
        return locks.acquire(
                "caller",
                IntStream.range(0, count)
                        .mapToObj(i -> new AcquireRequest(
                                UUID.randomUUID().toString(), "alice", UUID.randomUUID(), Duration.ofSeconds(30)))
                        .toList());
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(5, TimeUnit.SECONDS);
    }
}
