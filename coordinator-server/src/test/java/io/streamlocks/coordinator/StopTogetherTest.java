package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.http.Nginx;
import io.streamlocks.testkit.rig.TestDatabase;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that stop at the same time as their server leave no lease behind. */
@Tag("postgres")
@Tag("process")
@Tag("slow")
class StopTogetherTest {

    private static final Path COMPOSE = Path.of("..", "docker-compose.yml");
    private static final Duration GRACE = Duration.ofSeconds(30);

    @Test
    void aStoppingServerReleasesAThousandLeases() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                // The drain is long, so that the calls have time on a busy machine. The process need not end.
                CoordinatorProcess coordinator = start(database, Duration.ofMinutes(1))) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            List<String> leases = new ArrayList<>();
            List<String> acquires = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                String lease = "\"streamId\":\"s" + i + "\",\"leaseId\":\"" + UUID.randomUUID() + "\"";
                leases.add("{" + lease + "}");
                acquires.add("{" + lease + ",\"ownerId\":\"me\",\"ttlMs\":600000}");
            }
            assertThat(calls.post("/v1/batch/acquire", items(acquires)).statusCode())
                    .isEqualTo(200);
            coordinator.terminate();
            await().until(() -> calls.get("/readyz").statusCode() == 503);

            assertThat(calls.post("/v1/batch/release", items(leases)).body().split("\"status\":204", -1))
                    .hasSize(1001);
            assertThat(liveLeases(database)).isZero();
        }
    }

    /** The documented proxy keeps its connections to a server longer than its clients keep theirs. */
    @Test
    void behindAProxyToo(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                CoordinatorProcess stopping = start(database, Duration.ofSeconds(5));
                CoordinatorProcess other = start(database, Duration.ofSeconds(5));
                Nginx nginx = Nginx.start(directory, site(stopping, other))) {
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                await().until(() -> accepts(nginx.port));
                List<Future<Integer>> workers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    workers.add(threads.submit(worker("http://127.0.0.1:" + nginx.port, "s" + i, stopping)));
                }
                stopping.terminate();
                for (Future<Integer> worker : workers) {
                    assertThat(worker.get(GRACE.toSeconds(), TimeUnit.SECONDS)).isPositive();
                }
                assertThat(stopping.exitCode(GRACE)).isZero();
                assertThat(stopping.err()).doesNotContain("Failed to handle");
                assertThat(other.err()).doesNotContain("Failed to handle");
                assertThat(liveLeases(database)).isZero();
            } finally {
                threads.shutdownNow();
            }
        }
    }

    /**
     * Acquires and releases until the server has ended, and returns how often. A call that meets the server as it stops
     * to listen may get a 502. Its outcome is unknown, so it is sent again. Nothing else may fail.
     */
    private static Callable<Integer> worker(String url, String streamId, CoordinatorProcess stopping) {
        HttpCalls calls = new HttpCalls(url);
        return () -> {
            int cycles = 0;
            while (stopping.isAlive()) {
                UUID leaseId = UUID.randomUUID();
                HttpResponse<String> acquired = calls.acquire(streamId, leaseId);
                assertThat(acquired.statusCode()).as(acquired.body()).isIn(200, 502, 503);
                if (acquired.statusCode() != 503) {
                    HttpResponse<String> released = calls.release(streamId, leaseId);
                    while (released.statusCode() == 502) {
                        released = calls.release(streamId, leaseId);
                    }
                    // The lease is lost if the acquire with the 502 has not reached a server.
                    assertThat(released.statusCode())
                            .as(released.body())
                            .isIn(acquired.statusCode() == 200 ? List.of(204) : List.of(204, 410));
                    cycles++;
                }
            }
            return cycles;
        };
    }

    private static CoordinatorProcess start(TestDatabase database, Duration drain) throws IOException {
        return CoordinatorProcess.start(Map.of(
                "LOCK_BACKEND",
                "postgres",
                "DATABASE_URL",
                database.url(),
                "HTTP_PORT",
                "0",
                "SHUTDOWN_DRAIN_MS",
                Long.toString(drain.toMillis())));
    }

    private static String items(List<String> items) {
        return "{\"items\":[" + String.join(",", items) + "]}";
    }

    private static int liveLeases(TestDatabase database) {
        return database.sql()
                .fetchSingle("SELECT count(*) FROM stream_locks WHERE expires_at > clock_timestamp()")
                .get(0, Integer.class);
    }

    private static String portOf(CoordinatorProcess coordinator) {
        String url = coordinator.url();
        return url.substring(url.lastIndexOf(':') + 1);
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static String site(CoordinatorProcess one, CoordinatorProcess other) throws IOException {
        return Files.readString(COMPOSE)
                .lines()
                .dropWhile(line -> !line.equals("    content: |"))
                .skip(1)
                .takeWhile(line -> line.isBlank() || line.startsWith("      "))
                .collect(Collectors.joining("\n"))
                .replace("$$", "$")
                .replace("coordinator-1:8080", "127.0.0.1:" + portOf(one))
                .replace("coordinator-2:8080", "127.0.0.1:" + portOf(other));
    }
}
