package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.http.jetty.WaitingServer.Waiting;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Thousands of calls wait. */
@Tag("slow")
class ManyWatchesTest {

    private static final int MANY = 2000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** A thread that does not come to rest needs far more in this time, on a busy machine as well. */
    private static final Duration WINDOW = Duration.ofSeconds(4);

    private static final Duration LITTLE = Duration.ofMillis(200);

    @AutoClose
    private final WaitingServer server = new WaitingServer();

    @Test
    void callsThatWaitTakeNoThreadAndNoTimeAndAllClientsAreNoticed() throws Exception {
        List<RawClient> clients = new ArrayList<>();
        List<Waiting> calls = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                RawClient client = new RawClient(server.port());
                clients.add(client);
                client.post("/wait", "{}");
                calls.add(server.next());
            }
            // The next bytes of some clients were read, and some of these clients have closed.
            for (int i = 0; i < MANY; i += 4) {
                clients.get(i).send(i % 8 == 0 ? "GET / " : "x".repeat(2000));
            }
            for (int i = 1; i < MANY; i += 4) {
                clients.get(i).close();
            }
            await().until(() -> calls.stream().filter(call -> call.gone() == 1).count() == MANY / 4);

            assertThat(server.threads().getThreads()).isLessThan(MANY / 20);
            long before = nanosOfServerThreads();
            assertThat(before).isPositive();
            await().pollDelay(WINDOW).atMost(WINDOW.multipliedBy(10)).until(() -> true);
            assertThat(Duration.ofNanos(nanosOfServerThreads() - before)).isLessThan(LITTLE);

            for (int i = 2; i < MANY; i += 4) {
                clients.get(i).reset();
            }
            await().until(() -> calls.stream().filter(call -> call.gone() == 1).count() == MANY / 2);
            calls.forEach(call -> call.respond("done"));
            for (int i = 3; i < MANY; i += 4) {
                assertThat(clients.get(i).response()).isEqualTo("200 done");
                assertThat(calls.get(i).gone()).isZero();
            }
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
        await().until(() -> server.connections() == 0);
    }

    /** Returns the processor time of the threads that read connections and handle requests. */
    private long nanosOfServerThreads() {
        return Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
                .filter(thread -> thread != null
                        && thread.getThreadName().startsWith(server.threads().getName()))
                .mapToLong(thread -> Math.max(0, THREADS.getThreadCpuTime(thread.getThreadId())))
                .sum();
    }

    @Test
    void aStopEndsACallThatWaits() throws Exception {
        try (WaitingServer stopping = new WaitingServer();
                RawClient client = new RawClient(stopping.port())) {
            client.get("/wait");
            Waiting call = stopping.next();
            // It throws an exception if a call is still under way.
            stopping.stop();
            assertThat(client.isEnded()).isTrue();
            assertThat(call.gone()).isEqualTo(1);
        }
    }
}
