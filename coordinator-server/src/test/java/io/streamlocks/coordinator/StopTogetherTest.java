package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.postgres.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that stop at the same time as their server leave nothing held. */
class StopTogetherTest {

    private static final Path NGINX = Path.of("/usr/sbin/nginx");
    private static final Path COMPOSE = Path.of("..", "docker-compose.yml");
    private static final Duration GRACE = Duration.ofSeconds(30);

    @Test
    void aThousandLeasesAreReleasedAtAServerThatStops() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                CoordinatorProcess coordinator = start(database)) {
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
            assertThat(coordinator.exitCode(GRACE)).isZero();
            assertThat(liveLeases(database)).isZero();
        }
    }

    /** The proxy that is documented, whose connections to a server outlive those of its clients. */
    @Test
    void behindAProxyToo(@TempDir Path directory) throws Exception {
        assumeThat(NGINX).isExecutable();
        try (TestDatabase database = TestDatabase.empty();
                CoordinatorProcess stopping = start(database);
                CoordinatorProcess other = start(database)) {
            int port = freePort();
            Process nginx = nginx(directory, port, List.of(portOf(stopping), portOf(other)));
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                await().until(() -> accepts(port));
                List<Future<Integer>> workers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    workers.add(threads.submit(worker("http://127.0.0.1:" + port, "s" + i, stopping)));
                }
                stopping.terminate();
                for (Future<Integer> worker : workers) {
                    assertThat(worker.get(GRACE.toSeconds(), TimeUnit.SECONDS)).isPositive();
                }
                assertThat(stopping.exitCode(GRACE)).isZero();
                assertThat(liveLeases(database)).isZero();
            } finally {
                threads.shutdownNow();
                nginx.destroy();
                nginx.waitFor();
            }
        }
    }

    /** Acquires and releases until the server has ended, and tells how often. A release must not fail. */
    private static Callable<Integer> worker(String url, String streamId, CoordinatorProcess stopping) {
        HttpCalls calls = new HttpCalls(url);
        return () -> {
            int cycles = 0;
            while (stopping.isAlive()) {
                UUID leaseId = UUID.randomUUID();
                int acquired = calls.acquire(streamId, leaseId).statusCode();
                assertThat(acquired).isIn(200, 503);
                if (acquired == 200) {
                    HttpResponse<String> released = calls.release(streamId, leaseId);
                    assertThat(released.statusCode()).as(released.body()).isEqualTo(204);
                    cycles++;
                }
            }
            return cycles;
        };
    }

    private static CoordinatorProcess start(TestDatabase database) throws IOException {
        return CoordinatorProcess.start(Map.of(
                "LOCK_BACKEND", "postgres",
                "DATABASE_URL", database.url(),
                "HTTP_PORT", "0",
                "SHUTDOWN_DRAIN_MS", "5000"));
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

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static Process nginx(Path directory, int port, List<String> coordinators) throws IOException {
        String site = Files.readString(COMPOSE)
                .lines()
                .dropWhile(line -> !line.equals("    content: |"))
                .skip(1)
                .takeWhile(line -> line.isBlank() || line.startsWith("      "))
                .collect(Collectors.joining("\n"))
                .replace("$$", "$")
                .replace("coordinator-1:8080", "127.0.0.1:" + coordinators.get(0))
                .replace("coordinator-2:8080", "127.0.0.1:" + coordinators.get(1))
                .replace("listen 8080", "listen 127.0.0.1:" + port);
        String places = List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi").stream()
                .map(kind -> kind + "_temp_path " + directory.resolve(kind) + ";\n")
                .collect(Collectors.joining());
        String user = System.getProperty("user.name").equals("root") ? "user root;\n" : "";
        Path file = Files.writeString(
                directory.resolve("nginx.conf"),
                "daemon off;\n" + user + "pid " + directory.resolve("nginx.pid")
                        + ";\nevents {}\nhttp {\naccess_log off;\n" + places + site + "\n}\n");
        return new ProcessBuilder(NGINX.toString(), "-e", "stderr", "-p", directory.toString(), "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("nginx.log").toFile())
                .start();
    }
}
