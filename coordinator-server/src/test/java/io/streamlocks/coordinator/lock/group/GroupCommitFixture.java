package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;

/** A group commit on a storage whose statements wait for the test. */
abstract class GroupCommitFixture {

    static final Duration TTL = Duration.ofSeconds(30);
    static final int LATE_MS = Backlog.MAX_WAIT_MS + 1;

    final AtomicLong nanoTime = new AtomicLong();
    final HeldUpLocks storage = new HeldUpLocks();
    final ExecutorService answers = Executors.newCachedThreadPool();
    final CountedThreads writers = new CountedThreads();
    final GroupCommit locks =
            new GroupCommit(storage, answers, StatementObserver.NONE, nanoTime::get, writers, Delay.JVM);

    final List<String> streams = ids().limit(8).toList();

    final String stream = streams.get(0);
    final UUID leaseId = UUID.randomUUID();

    @AfterEach
    void close() {
        locks.close();
        storage.letAllGo();
        answers.shutdownNow();
    }

    /** Counts the tasks that have begun and ended. */
    static final class CountedThreads extends ThreadPoolExecutor {
        final AtomicInteger begun = new AtomicInteger();
        final AtomicInteger ended = new AtomicInteger();

        CountedThreads() {
            super(0, Integer.MAX_VALUE, 60, TimeUnit.SECONDS, new SynchronousQueue<>());
        }

        @Override
        public void execute(Runnable task) {
            begun.incrementAndGet();
            super.execute(() -> {
                try {
                    task.run();
                } finally {
                    ended.incrementAndGet();
                }
            });
        }
    }

    /** Starts a thread only if the test allows it. */
    GroupCommit withThreads(BooleanSupplier start) {
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            if (!start.getAsBoolean()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return new Thread(task);
        });
        return new GroupCommit(storage, answers, StatementObserver.NONE, nanoTime::get, threads, Delay.JVM);
    }

    CompletableFuture<AcquireOutcome> acquireAndAwaitStatement(String streamId) {
        int before = storage.statements.size();
        var call = acquire(streamId);
        await().until(() -> storage.statements.size() > before);
        return call;
    }

    CompletableFuture<AcquireOutcome> acquire(String streamId) {
        UUID id = streamId.equals(stream) ? leaseId : UUID.randomUUID();
        return locks.acquire("caller", List.of(new AcquireRequest(streamId, "alice", id, TTL)))
                .thenApply(outcomes -> outcomes.get(0));
    }

    static List<AcquireRequest> requests(List<String> streamIds) {
        return streamIds.stream()
                .map(id -> new AcquireRequest(id, "alice", UUID.randomUUID(), TTL))
                .toList();
    }

    static Stream<String> ids() {
        return Stream.generate(
                () -> "stream-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
    }

    static <T> T get(CompletableFuture<T> call) throws Exception {
        return call.get(10, TimeUnit.SECONDS);
    }

    static void assertFails(CompletableFuture<?> call, Class<? extends Throwable> with) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> get(call))
                .withCauseInstanceOf(with);
    }
}
