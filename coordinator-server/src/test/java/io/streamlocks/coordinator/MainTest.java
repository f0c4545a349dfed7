package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

@Tag("postgres")
@Tag("process")
class MainTest {

    private static final Logger LOG = LoggerFactory.getLogger(MainTest.class);

    /** The time between SIGTERM and SIGKILL on most platforms. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final Duration SOON = Duration.ofSeconds(20);

    @Test
    void withoutSettingsItBecomesReadyAndPrintsItsUrlAndExamples() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(Map.of("HTTP_PORT", "0"))) {
            String url = coordinator.url();
            HttpResponse<String> ready = new HttpCalls(url).get("/readyz");
            LOG.info(
                    "Ready {} ms after the start of the process",
                    coordinator.age().toMillis());

            assertThat(ready.statusCode()).isEqualTo(200);
            await().untilAsserted(() -> assertThat(
                            coordinator.out().lines().map(String::trim).filter(line -> line.startsWith("curl ")))
                    .hasSize(3)
                    .allMatch(line -> line.contains(url)));
            assertThat(coordinator.out()).contains("memory");
            assertThat(coordinator.err()).isEmpty();
        }
    }

    @Test
    void thePortOfProbesIsPrintedAndOnlyHostNamesOfThisMachineAreServed() throws Exception {
        try (CoordinatorProcess coordinator =
                CoordinatorProcess.start(Map.of("HTTP_PORT", "0", "MANAGEMENT_PORT", "0"))) {
            URI url = URI.create(coordinator.url());
            Matcher management = Pattern.compile("Probes and metrics are at (http://127\\.0\\.0\\.1:\\d+)")
                    .matcher(coordinator.out());
            assertThat(management.find()).isTrue();
            HttpCalls probes = new HttpCalls(management.group(1));
            assertThat(probes.get("/livez").statusCode()).isEqualTo(200);
            assertThat(probes.get("/v1/locks").statusCode()).isEqualTo(404);

            try (Socket socket = new Socket(url.getHost(), url.getPort())) {
                socket.getOutputStream()
                        .write("GET /v1/locks HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 421 ");
            }
            assertThat(coordinator.err()).isEmpty();
        }
    }

    @Test
    void invalidSettingsEndItWithEveryProblemAndNoPassword() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(Map.of(
                "LOCK_BACKEND", "postgres",
                "DATABASE_URL", "jdbc:postgresql://db:port?user=someone&password=s3cr3t",
                "LOCK_TTL_MS", "1",
                "HTTP_PORT", "http"))) {
            assertThat(coordinator.exitCode(SOON)).isEqualTo(1);

            assertThat(coordinator.err().lines())
                    .hasSize(4)
                    .anyMatch(line -> line.startsWith("DATABASE_URL "))
                    .anyMatch(line -> line.startsWith("LOCK_TTL_MS "))
                    .anyMatch(line -> line.startsWith("HTTP_PORT "));
            assertThat(coordinator.err()).doesNotContain("s3cr3t");
            assertThat(coordinator.out()).isEmpty();
        }
    }

    @Test
    void aPortThatIsTakenEndsItWithAClearMessage() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                CoordinatorProcess coordinator =
                        CoordinatorProcess.start(Map.of("HTTP_PORT", Integer.toString(taken.getLocalPort())))) {
            assertThat(coordinator.exitCode(SOON)).isEqualTo(1);

            assertThat(coordinator.err().lines())
                    .noneMatch(line -> line.startsWith("\t"))
                    .last()
                    .asString()
                    .startsWith("Cannot listen on 127.0.0.1:" + taken.getLocalPort() + ":")
                    .containsIgnoringCase("in use")
                    .contains("Set HTTP_PORT to a port that is free");
            assertThat(coordinator.out()).isEmpty();
        }
    }

    @Test
    void aManagementPortThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                CoordinatorProcess coordinator = CoordinatorProcess.start(
                        Map.of("HTTP_PORT", "0", "MANAGEMENT_PORT", Integer.toString(taken.getLocalPort())))) {
            assertThat(coordinator.exitCode(SOON)).isEqualTo(1);

            assertThat(coordinator.err().lines())
                    .last()
                    .asString()
                    .startsWith("Cannot listen on 127.0.0.1:" + taken.getLocalPort() + ":")
                    .contains("Set MANAGEMENT_PORT to a port that is free");
        }
    }

    @Test
    void theCertificateOfTheCaIsExpectedWhereTheDriverLooksOnWindows(@TempDir Path directory) throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(
                List.of("-Dos.name=Windows 11"),
                Map.of(
                        "APPDATA", directory.toString(),
                        "LOCK_BACKEND", "postgres",
                        "DATABASE_URL", "postgres://h/d?sslmode=verify-full"))) {
            assertThat(coordinator.exitCode(SOON)).isEqualTo(1);

            assertThat(coordinator.err())
                    .contains("can be read from " + directory.resolve(Path.of("postgresql", "root.crt")) + ":");
        }
    }

    @Test
    void aDatabaseWithoutItsBackendEndsItWithTheReason() throws Exception {
        try (CoordinatorProcess coordinator =
                CoordinatorProcess.start(Map.of("DATABASE_URL", "postgres://locks:s3cr3t@db.example/locks"))) {
            assertThat(coordinator.exitCode(SOON)).isEqualTo(1);

            assertThat(coordinator.err())
                    .contains(
                            "DATABASE_URL has no effect without LOCK_BACKEND=postgres: leases would be kept in memory")
                    .doesNotContain("s3cr3t");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ar, EG, '', CTT",
        "fa, IR, '', ACT",
        "ne, NP, '', Asia/Kathmandu",
        "ne, NP, u-nu-deva, Asia/Kathmandu",
        "th, TH, u-nu-thai, Asia/Bangkok",
        "hi, IN, u-nu-deva, IST",
        "en, US, '', UTC"
    })
    void theLocaleAndTheTimeZoneOfTheMachineDoNotMatter(String language, String country, String extensions, String zone)
            throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                CoordinatorProcess coordinator = CoordinatorProcess.start(
                        List.of(
                                "-Duser.language=" + language,
                                "-Duser.country=" + country,
                                "-Duser.extensions=" + extensions,
                                "-Duser.timezone=" + zone),
                        Map.of(
                                "LOCK_BACKEND", "postgres",
                                "DATABASE_URL", database.url(),
                                "HTTP_PORT", "0",
                                "SHUTDOWN_DRAIN_MS", "0"))) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(200);
            assertThat(calls.get("/metrics").body()).contains("streamlocks_acquires_total{outcome=\"granted\"} 1.0");
        }
    }

    @Test
    void itPrintsItsVersionAndItsUsage() throws Exception {
        try (CoordinatorProcess version = CoordinatorProcess.run("--version");
                CoordinatorProcess help = CoordinatorProcess.run("--help")) {
            assertThat(version.exitCode(SOON)).isZero();
            assertThat(version.out()).matches("Stream Lock Coordinator .+, on Java .+");
            assertThat(help.exitCode(SOON)).isZero();
            assertThat(help.out()).contains("HTTP_PORT", "--version", ".env.example");
        }
    }

    @Test
    void afterASignalItIsNotReadyAndServesAllCallsDuringTheDrain() throws Exception {
        // The drain is long, so that the calls have time on a busy machine. The process need not end.
        try (CoordinatorProcess coordinator =
                CoordinatorProcess.start(Map.of("HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "60000"))) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            UUID leaseId = UUID.randomUUID();
            UUID laterId = UUID.randomUUID();
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);

            coordinator.terminate();

            await().until(() -> calls.get("/readyz").statusCode() == 503);
            assertDraining(calls.get("/readyz"));
            for (HttpResponse<String> served : List.of(
                    calls.renew("a", leaseId),
                    calls.acquire("b", laterId),
                    calls.get("/v1/locks"),
                    calls.get("/livez"))) {
                assertThat(served.statusCode()).isEqualTo(200);
                assertThat(served.headers().firstValue("Connection")).contains("close");
            }
            assertThat(calls.release("a", leaseId).statusCode()).isEqualTo(204);
            assertThat(calls.release("b", laterId).statusCode()).isEqualTo(204);
            assertThat(coordinator.err()).isEmpty();
        }
    }

    @Test
    void afterTheDrainItExitsWithZero() throws Exception {
        try (CoordinatorProcess coordinator =
                CoordinatorProcess.start(Map.of("HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "1000"))) {
            coordinator.url();
            coordinator.terminate();
            long terminatedAt = System.nanoTime();
            assertThat(coordinator.exitCode(SOON)).isZero();
            Duration took = Duration.ofNanos(System.nanoTime() - terminatedAt);
            LOG.info("Ended {} ms after SIGTERM with a drain of 1000 ms", took.toMillis());
            assertThat(took).isGreaterThan(Duration.ofSeconds(1));
            assertThat(coordinator.err()).isEmpty();
        }
    }

    @Test
    void afterASignalItFinishesTheRunningCalls() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                CoordinatorProcess coordinator = CoordinatorProcess.start(Map.of(
                        "LOCK_BACKEND", "postgres",
                        "DATABASE_URL", database.url(),
                        "DATABASE_STATEMENT_TIMEOUT_MS", "10000",
                        "HTTP_PORT", "0",
                        "SHUTDOWN_DRAIN_MS", "500"))) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            UUID leaseId = UUID.randomUUID();
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);

            CompletableFuture<HttpResponse<String>> renewal;
            try (Connection transaction = database.transaction();
                    PreparedStatement lock =
                            transaction.prepareStatement("LOCK TABLE stream_locks IN ACCESS EXCLUSIVE MODE")) {
                lock.execute();
                renewal = calls.renewAsync("a", leaseId);
                await().until(() -> waitingUpdates(database) == 1);

                coordinator.terminate();
                // Once the server rejects calls or connections, it waits only for the renewal.
                await().atMost(Duration.ofSeconds(5)).until(() -> listensNoMore(calls));
                assertThat(renewal).isNotDone();
                assertThat(coordinator.isAlive()).isTrue();
                transaction.commit();
            }

            assertThat(renewal.get(GRACE.toSeconds(), TimeUnit.SECONDS).statusCode())
                    .isEqualTo(200);
            assertThat(coordinator.exitCode(GRACE)).isZero();
        }
    }

    @Test
    void afterASignalWhileItWaitsForItsDatabaseItExitsWithZero() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(Map.of(
                "LOCK_BACKEND", "postgres",
                "DATABASE_URL", "postgres://someone:s3cr3t@127.0.0.1:" + closedPort() + "/locks",
                "HTTP_PORT", "0",
                "SHUTDOWN_DRAIN_MS", "0"))) {
            await().atMost(SOON).until(() -> coordinator.err().contains("cannot be set up yet"));

            coordinator.terminate();

            assertThat(coordinator.exitCode(GRACE)).isZero();
            assertThat(coordinator.err().lines()).hasSize(1);
            assertThat(coordinator.out()).doesNotContain("ready");
            assertThat(coordinator.out() + coordinator.err()).doesNotContain("s3cr3t", "someone");
        }
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void assertDraining(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("\"code\":\"draining\"");
        assertThat(response.headers().firstValue("Retry-After")).isPresent();
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    private static boolean listensNoMore(HttpCalls calls) throws InterruptedException {
        try {
            return calls.get("/livez").statusCode() == 503;
        } catch (IOException e) {
            return true;
        }
    }

    /** The count of the live leases may wait, too, and is not counted. */
    private static int waitingUpdates(TestDatabase database) {
        return database.sql()
                .fetchSingle("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'")
                .get(0, Integer.class);
    }
}
