package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CountedLocks;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockListener;
import io.streamlocks.client.TestServer;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
@Tag("process")
class StreamWorkerTest {

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final TestServer server = new TestServer(storage);

    @AfterEach
    void stop() {
        server.close();
    }

    /** Returns a worker that reports what ends in it. The turn under way ends when the worker is stopped. */
    private static StreamWorker worker(URI coordinator, Consumer<String> tell) {
        StreamLockClient client = StreamLockClient.builder(coordinator)
                .listener(new StreamLockListener() {
                    @Override
                    public void released(String streamId) {
                        tell.accept("released " + streamId);
                    }
                })
                .build();
        SessionRegistry<String> registry = SessionRegistry.<String>builder(
                        client, lease -> event -> tell.accept("handled " + event))
                .onEnd(end -> tell.accept("ended " + end.streamId()))
                .build();
        CountDownLatch never = new CountDownLatch(1);
        List<StreamEvent<String>> first = new ArrayList<>(List.of(new StreamEvent<>("orders", "one")));
        EventSource<String> source = () -> {
            if (!first.isEmpty()) {
                return List.of(first.remove(0));
            }
            try {
                tell.accept("polling");
                never.await();
                return List.of();
            } finally {
                tell.accept("turn over");
            }
        };
        PollLoop<String> loop = PollLoop.builder(registry, source)
                .delay(Duration.ofMillis(100))
                .stopTimeout(Duration.ofMillis(200))
                .build();
        return new StreamWorker(loop, registry, client);
    }

    /** The program of another JVM. */
    public static final class Child {
        private Child() {}

        public static void main(String[] args) {
            worker(URI.create(args[0]), System.out::println).closeOnShutdown().start();
        }
    }

    @Test
    void theWorkerStopsItsPartsInOrderAndOnceHoweverManyCloseIt() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        StreamWorker worker = worker(server.uri(), told::add).closeOnShutdown().start();
        await().until(() -> told.contains("polling"));
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> closes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closes.add(threads.submit(() -> {
                worker.close();
                // Every caller of close() finds all parts closed afterwards.
                assertThat(told).endsWith("released orders");
            }));
        }
        for (Future<?> close : closes) {
            close.get(10, TimeUnit.SECONDS);
        }
        threads.shutdownNow();
        assertThat(told).containsExactly("handled one", "polling", "turn over", "ended orders", "released orders");
        assertThatIllegalStateException().isThrownBy(worker::start);
    }

    @Test
    void closingTheWorkerReleasesNoStreamWhoseHandlerIgnoresItsInterruption() throws Exception {
        CountDownLatch handling = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        closeWhile(ended, gate, handling, event -> {
            handling.countDown();
            awaitDespiteInterruptions(gate);
        });
    }

    @Test
    void closingTheWorkerReleasesNoStreamWhoseHandlerIsStillClosed() throws Exception {
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        closeWhile(ended, gate, closing, new SessionHandler<String>() {
            @Override
            public void handle(String event) {
                throw new IllegalStateException("as asked for");
            }

            @Override
            public void close() {
                closing.countDown();
                awaitDespiteInterruptions(gate);
            }
        });
    }

    private void closeWhile(
            CountDownLatch ended, CountDownLatch gate, CountDownLatch working, SessionHandler<String> handler)
            throws Exception {
        StreamLockClient client = StreamLockClient.builder(server.uri())
                .requestTimeout(Duration.ofMillis(300))
                .build();
        SessionRegistry<String> registry = SessionRegistry.<String>builder(client, lease -> handler)
                .drainTimeout(Duration.ofMillis(100))
                .onEnd(end -> ended.countDown())
                .build();
        StreamWorker worker = new StreamWorker(
                PollLoop.builder(registry, () -> List.of(new StreamEvent<>("orders", "one")))
                        .build(),
                registry,
                client);
        try {
            worker.start();
            working.await();
            worker.close();
            assertThat(storage.find("orders")).isPresent();
        } finally {
            gate.countDown();
        }
        ended.await();
        assertThat(storage.find("orders")).isPresent();
        assertThat(storage.releases()).isEmpty();
    }

    private static void awaitDespiteInterruptions(CountDownLatch gate) {
        while (gate.getCount() > 0) {
            try {
                gate.await();
            } catch (InterruptedException ignored) {
                // This stands for work that ignores its interruption.
            }
        }
    }

    @Test
    void aJvmThatShutsDownStopsItsWorkerInOrderAndOnce() throws Exception {
        ChildProcess child = ChildProcess.command(
                        Machine.java(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        server.uri().toString())
                .start();
        try (child) {
            child.awaitOutput(Pattern.compile("polling"), Duration.ofSeconds(20));
            assertThat(child.terminate(Duration.ofSeconds(20))).isTrue();
            assertThat(child.output().lines())
                    .containsExactly("handled one", "polling", "turn over", "ended orders", "released orders");
        }
        assertThat(storage.find("orders")).isEmpty();
    }
}
