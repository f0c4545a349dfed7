package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Waits that end at every moment: by a grant, by their time, by an interruption and by the end of their client. Public
 * reports of other lock clients are about locks and places that stay behind after such an end, because nobody knows of
 * them. The leases here are so long that one that stays behind is found.
 */
@Tag("slow")
class WaitRaceTest extends ProxiedClient {

    private static final int THREADS = 8;
    private static final int TURNS = 30;
    private static final Duration NEVER = Duration.ofMinutes(10);

    private final List<String> streams =
            IntStream.range(0, 3).mapToObj(i -> streamId + "/" + i).toList();
    private final Map<String, Long> tokens = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> holders = new ConcurrentHashMap<>();
    private final AtomicInteger grants = new AtomicInteger();
    private final AtomicInteger interruptions = new AtomicInteger();

    private StreamLockClient worker() {
        return client(StreamLockClient.builder(server.uri()).ttl(NEVER).requestTimeout(Duration.ofSeconds(5)));
    }

    private void hold(HeldLease lease) {
        AtomicInteger holding = holders.computeIfAbsent(lease.streamId(), stream -> new AtomicInteger());
        assertThat(holding.incrementAndGet()).isOne();
        Long before = tokens.put(lease.streamId(), lease.fencingToken());
        assertThat(before == null || before < lease.fencingToken()).isTrue();
        grants.incrementAndGet();
        Thread.yield();
        holding.decrementAndGet();
        lease.close();
    }

    private List<HeldLease> acquire(StreamLockClient worker) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        Duration atMost = Duration.ofMillis(random.nextInt(30));
        String stream = streams.get(random.nextInt(streams.size()));
        return random.nextBoolean()
                ? worker.acquireAny(streams, atMost)
                : worker.acquire(stream, atMost).stream().toList();
    }

    private void work(StreamLockClient worker) {
        for (int i = 0; i < TURNS; i++) {
            acquire(worker).forEach(this::hold);
            if (Thread.interrupted()) {
                interruptions.incrementAndGet();
            }
        }
    }

    private void awaitNothingLeft() {
        // A place that nobody gives up dies after five seconds.
        await().atMost(Duration.ofSeconds(4)).untilAsserted(() -> assertThat(streams)
                .allSatisfy(stream -> assertThat(storage.find(stream)).isEmpty())
                .allSatisfy(
                        stream -> assertThat(storage.reads().waiters(stream)).isEmpty()));
    }

    @Test
    void waitsThatEndByTheirTimeOrByAnInterruptionLeaveNothingBehind() throws Exception {
        List<StreamLockClient> workers = List.of(worker(), worker());
        List<Thread> waiting = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            StreamLockClient worker = workers.get(i % 2);
            Thread thread = new Thread(() -> work(worker));
            thread.setUncaughtExceptionHandler((failed, cause) -> failures.add(cause));
            waiting.add(thread);
        }
        waiting.forEach(Thread::start);
        while (waiting.stream().anyMatch(Thread::isAlive)) {
            waiting.get(ThreadLocalRandom.current().nextInt(THREADS)).interrupt();
            TimeUnit.MILLISECONDS.timedJoin(waiting.get(0), 3);
        }
        for (Thread thread : waiting) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(grants.get()).isPositive();
        assertThat(interruptions.get()).isPositive();
        awaitNothingLeft();
    }

    @Test
    void waitsThatEndWithTheirClientLeaveNothingBehind() throws Exception {
        StreamLockClient busy = worker();
        Future<?> holding = threads.submit(() -> work(busy));
        for (int i = 0; i < 5; i++) {
            StreamLockClient closing = worker();
            List<Future<Optional<HeldLease>>> waiting = IntStream.range(0, THREADS)
                    .mapToObj(n -> threads.submit(() -> closing.acquire(streams.get(n % streams.size()), NEVER)))
                    .toList();
            await().until(() -> storage.reads().waiters(streams.get(0)).size() > 0
                    || waiting.stream().anyMatch(Future::isDone));
            threads.submit(closing::close).get(10, TimeUnit.SECONDS);
            for (Future<Optional<HeldLease>> one : waiting) {
                await().until(one::isDone);
            }
        }
        holding.get(30, TimeUnit.SECONDS);
        awaitNothingLeft();
    }
}
