package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("postgres")
class StartTogetherTest {

    private static final int SERVERS = 5;

    @Test
    void serversThatStartTogetherOnAnEmptyDatabaseSetItUpOnceAndShareIt() throws Exception {
        try (TestDatabase database = TestDatabase.empty()) {
            Settings config = Settings.from(Map.of(
                    "LOCK_BACKEND", "postgres",
                    "DATABASE_URL", database.url(),
                    "DATABASE_POOL_SIZE", "3",
                    "HTTP_PORT", "0",
                    "SHUTDOWN_DRAIN_MS", "0"));
            List<Coordinator> coordinators = startAtOnce(config);
            try {
                for (Coordinator coordinator : coordinators) {
                    coordinator.ready().get(30, TimeUnit.SECONDS);
                }

                assertThat(
                                database.sql()
                                        .fetch(
                                                "SELECT version, success FROM stream_lock_schema_history ORDER BY installed_rank"))
                        .extracting(row -> row.get("version"), row -> row.get("success"))
                        .containsExactly(tuple("1", true), tuple("2", true), tuple("3", true), tuple("4", true));

                UUID leaseId = UUID.randomUUID();
                assertThat(calls(coordinators.get(0)).acquire("a", leaseId).statusCode())
                        .isEqualTo(200);
                for (Coordinator coordinator : coordinators) {
                    HttpCalls calls = calls(coordinator);
                    assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
                    assertThat(calls.get("/v1/locks/a").body()).contains("\"ownerId\":\"tester\"");
                    assertThat(calls.acquire("a", UUID.randomUUID()).statusCode())
                            .isEqualTo(409);
                    assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200);
                }
            } finally {
                coordinators.forEach(Coordinator::close);
            }
        }
    }

    private static List<Coordinator> startAtOnce(Settings config) throws Exception {
        CyclicBarrier together = new CyclicBarrier(SERVERS);
        ExecutorService executor = Executors.newFixedThreadPool(SERVERS);
        List<Coordinator> coordinators = new ArrayList<>();
        try {
            List<Future<Coordinator>> starts = new ArrayList<>();
            for (int i = 0; i < SERVERS; i++) {
                starts.add(executor.submit(() -> {
                    together.await(10, TimeUnit.SECONDS);
                    return new Coordinator(config);
                }));
            }
            for (Future<Coordinator> start : starts) {
                coordinators.add(start.get(30, TimeUnit.SECONDS));
            }
            return coordinators;
        } catch (Exception e) {
            coordinators.forEach(Coordinator::close);
            throw e;
        } finally {
            executor.shutdownNow();
        }
    }

    private static HttpCalls calls(Coordinator coordinator) {
        return HttpCalls.to(coordinator);
    }
}
