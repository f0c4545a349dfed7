package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.testkit.rig.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A password in a file can change without a restart. */
@Tag("postgres")
@Tag("slow")
class DatabasePasswordTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    @Test
    void newConnectionsLogInWithTheCurrentPasswordOfTheFile() throws Exception {
        try (PostgresServer postgres = PostgresServer.builder().start()) {
            postgres.sql("postgres").execute("CREATE ROLE rotating SUPERUSER LOGIN PASSWORD 'first'");
            askForAPassword(postgres);
            Path file = Files.writeString(directory.resolve("password"), "\uFEFFfirst\n");
            try (Coordinator coordinator = new Coordinator(Settings.from(Map.of(
                    "LOCK_BACKEND", "postgres",
                    "DATABASE_URL", postgres.url("postgres").replace("postgres@", "rotating@"),
                    "DATABASE_PASSWORD_FILE", file.toString(),
                    "HTTP_PORT", "0",
                    "SHUTDOWN_DRAIN_MS", "0")))) {
                coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
                HttpCalls calls = HttpCalls.to(coordinator);
                UUID leaseId = UUID.randomUUID();
                assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);

                postgres.sql("postgres").execute("ALTER ROLE rotating PASSWORD 'second'");
                // Open connections stay.
                assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200);

                endConnections(postgres);
                await().atMost(SOON).until(() -> calls.renew("a", leaseId).statusCode() == 503);
                Files.writeString(file, "second\n");
                await().atMost(SOON).until(() -> calls.renew("a", leaseId).statusCode() == 200);

                assertThat(calls.get("/metrics").body()).contains("streamlocks_reload_failing{file=\"password\"} 0.0");
                Files.writeString(file, "");
                await().atMost(SOON).until(() -> calls.get("/metrics")
                        .body()
                        .contains("streamlocks_reload_failing{file=\"password\"} 1.0"));
                endConnections(postgres);
                await().atMost(SOON).until(() -> calls.renew("a", leaseId).statusCode() == 200);
            }
        }
    }

    /** Makes a server ask the role {@code rotating} for its password. */
    static void askForAPassword(PostgresServer postgres) throws Exception {
        Path hba = Path.of(postgres.sql("postgres").fetchSingle("SHOW hba_file").get(0, String.class));
        Files.writeString(hba, "host all rotating all scram-sha-256\n" + Files.readString(hba));
        postgres.sql("postgres").execute("SELECT pg_reload_conf()");
        await().atMost(SOON).until(() -> postgres.sql("postgres")
                .fetchSingle("SELECT count(*) FROM pg_hba_file_rules WHERE 'rotating' = ANY (user_name)")
                .get(0, Integer.class)
                .equals(1));
    }

    private static void endConnections(PostgresServer postgres) {
        postgres.sql("postgres")
                .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotating'");
    }
}
