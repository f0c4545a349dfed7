package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.PostgresServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Tests a coordinator during and after an outage of its database. */
@Tag("postgres")
@Tag("process")
@Tag("slow")
class OutageTest {

    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(OutageTest.class);

    /** The longest time of a call with the default settings. A worker can then try another server. */
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(3);

    private static final Duration RECOVERED_WITHIN = Duration.ofSeconds(15);

    /** More calls at once than there are connections. */
    private static final int CALLERS = 24;

    private static PostgresServer postgres;

    @RegisterExtension
    private final CapturedLog log = new CapturedLog();

    private final String database = "t" + UUID.randomUUID().toString().replace("-", "");

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = PostgresServer.builder().start();
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void createDatabase() {
        postgres.sql("postgres").execute("CREATE DATABASE " + database);
    }

    @Test
    void aServerThatStartsBeforeItsDatabaseWaitsForItAndThenServes() throws Exception {
        postgres.stop();
        try (Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            try {
                assertUnavailable(calls.get("/readyz"));
                assertUnavailable(calls.acquire("a", UUID.randomUUID()));
                assertThat(calls.get("/livez").statusCode()).isEqualTo(200);
                await().until(() -> !warnings().isEmpty());
                assertThat(coordinator.ready()).isNotDone();
            } finally {
                postgres.start();
            }

            coordinator.ready().get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(200);
            // A PostgreSQL that needs more than a second to start refuses a try for another reason.
            assertThat(warnings())
                    .as("one line for each reason, not for each try")
                    .doesNotHaveDuplicates()
                    .allMatch(line -> line.contains("cannot be set up yet"))
                    .filteredOn(line -> line.contains("Connection refused"))
                    .hasSize(1);
        }
    }

    @Test
    void aServerThatStartsWhileItsDatabaseHangsServesOnceTheDatabaseIsBack() throws Exception {
        postgres.process().pause();
        try (Coordinator coordinator = coordinator()) {
            try {
                assertUnavailable(calls(coordinator).get("/readyz"));
                await().atMost(RECOVERED_WITHIN).until(() -> !warnings().isEmpty());
            } finally {
                postgres.process().resume();
            }

            coordinator.ready().get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
            assertThat(calls(coordinator).get("/readyz").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whileConnectionsAreRefusedCallsFailSoonAndLeasesSurvive() throws Exception {
        try (Coordinator coordinator = coordinator()) {
            UUID leaseId = granted(coordinator);
            postgres.stop();
            Duration worst;
            try {
                worst = worstAnswerWhileAway(coordinator, leaseId);
            } finally {
                postgres.start();
            }
            LOG.info("Refused connections: the slowest answer took {} ms", worst.toMillis());

            assertThat(worst).isLessThanOrEqualTo(ANSWERED_WITHIN);
            assertRecovered(coordinator, leaseId);
        }
    }

    @Test
    void whileTheDatabaseHangsCallsFailSoonAndLeasesSurvive() throws Exception {
        try (Coordinator coordinator = coordinator()) {
            UUID leaseId = granted(coordinator);
            postgres.process().pause();
            Duration worst;
            try {
                worst = worstAnswerWhileAway(coordinator, leaseId);
            } finally {
                postgres.process().resume();
            }
            LOG.info("A database that hangs: the slowest answer took {} ms", worst.toMillis());

            assertThat(worst).isLessThanOrEqualTo(ANSWERED_WITHIN);
            assertRecovered(coordinator, leaseId);
        }
    }

    @ParameterizedTest
    @CsvSource({"'', 503", "?target_session_attrs=any, 200"})
    void aDatabaseThatTakesNoWritesIsNotReady(String options, int statusOfReads) throws Exception {
        try (Coordinator coordinator = coordinator(postgres.url(database) + options)) {
            HttpCalls calls = calls(coordinator);
            UUID leaseId = granted(coordinator);
            setReadOnly("on");
            // Each ended connection fails one call, even if the database takes writes. This waits until none is left.
            atOnce(() -> calls.get("/readyz"));

            assertUnavailable(calls.get("/readyz"));
            assertUnavailable(calls.renew("a", leaseId));
            assertThat(calls.get("/livez").statusCode()).isEqualTo(200);
            // The calls at once may have left out a connection that was ended, and the read that meets it fails.
            await().atMost(RECOVERED_WITHIN)
                    .untilAsserted(() ->
                            assertThat(calls.get("/v1/locks/a").statusCode()).isEqualTo(statusOfReads));

            setReadOnly("off");
            assertRecovered(coordinator, leaseId);
        }
    }

    @Test
    void aServerThatIsStoppedWhileItsDatabaseHangsEndsInTime() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", postgres.url(database), "HTTP_PORT", "0"))) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            UUID leaseId = UUID.randomUUID();
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            postgres.process().pause();
            try {
                CompletableFuture<HttpResponse<String>> renewal = calls.renewAsync("a", leaseId);
                coordinator.terminate();
                long terminatedAt = System.nanoTime();

                // The call fails with storage-unavailable, or with draining if the signal came first.
                assertThat(renewal.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
                assertThat(coordinator.exitCode(Duration.ofSeconds(10))).isZero();
                LOG.info("Ended {} ms after SIGTERM", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - terminatedAt));
            } finally {
                postgres.process().resume();
            }
        }
    }

    private UUID granted(Coordinator coordinator) throws Exception {
        coordinator.ready().get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        UUID leaseId = UUID.randomUUID();
        // Calls at the same time use all connections of the pool. It does not test a connection that was used just
        // before.
        atOnce(() -> calls(coordinator).get("/readyz"));
        assertThat(calls(coordinator).acquire("a", leaseId).statusCode()).isEqualTo(200);
        return leaseId;
    }

    /** Makes many calls of each kind in three waves: with connections that have just broken, and with none left. */
    private Duration worstAnswerWhileAway(Coordinator coordinator, UUID leaseId) throws Exception {
        HttpCalls calls = calls(coordinator);
        Duration worst = Duration.ZERO;
        for (Callable<HttpResponse<String>> call : List.<Callable<HttpResponse<String>>>of(
                () -> calls.renew("a", leaseId),
                () -> calls.acquire("b", UUID.randomUUID()),
                () -> calls.get("/readyz"))) {
            for (Answer answer : atOnce(call)) {
                assertUnavailable(answer.response());
                worst = answer.took().compareTo(worst) > 0 ? answer.took() : worst;
            }
            assertThat(calls.get("/livez").statusCode()).isEqualTo(200);
        }
        assertThat(warnings())
                .as("one line for each kind of error, not for each call")
                .doesNotHaveDuplicates()
                .hasSizeLessThanOrEqualTo(3);
        return worst;
    }

    private void assertRecovered(Coordinator coordinator, UUID leaseId) {
        HttpCalls calls = calls(coordinator);
        long since = System.nanoTime();
        await().atMost(RECOVERED_WITHIN)
                .untilAsserted(
                        () -> assertThat(calls.get("/readyz").statusCode()).isEqualTo(200));
        await().atMost(RECOVERED_WITHIN)
                .untilAsserted(
                        () -> assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200));
        LOG.info("Recovered within {} ms", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since));
    }

    private static void assertUnavailable(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body())
                .contains("\"code\":\"storage-unavailable\"")
                // Callers learn neither the address of the database nor the statement.
                .doesNotContain("localhost", "127.0.0.1", "postgres", "SELECT", "Connection");
        assertThat(response.headers().firstValue("Retry-After")).contains("1");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    private record Answer(HttpResponse<String> response, Duration took) {}

    private static List<Answer> atOnce(Callable<HttpResponse<String>> call) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(CALLERS);
        try {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                answers.add(executor.submit(() -> {
                    long sentAt = System.nanoTime();
                    HttpResponse<String> response = call.call();
                    return new Answer(response, Duration.ofNanos(System.nanoTime() - sentAt));
                }));
            }
            List<Answer> result = new ArrayList<>();
            for (Future<Answer> answer : answers) {
                result.add(answer.get(30, TimeUnit.SECONDS));
            }
            return result;
        } finally {
            executor.shutdownNow();
        }
    }

    /** The setting is for new sessions, so this ends the old ones. */
    private void setReadOnly(String value) {
        postgres.sql("postgres")
                .execute("ALTER DATABASE " + database + " SET default_transaction_read_only = " + value);
        postgres.sql("postgres")
                .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ?", database);
    }

    private Coordinator coordinator() throws Exception {
        return coordinator(postgres.url(database));
    }

    private static Coordinator coordinator(String url) throws Exception {
        return TestCoordinator.onPostgres(url);
    }

    private static HttpCalls calls(Coordinator coordinator) {
        return HttpCalls.to(coordinator);
    }

    private List<String> warnings() {
        return log.events().stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(event -> event.getLoggerName() + ": " + event.getFormattedMessage())
                .toList();
    }
}
