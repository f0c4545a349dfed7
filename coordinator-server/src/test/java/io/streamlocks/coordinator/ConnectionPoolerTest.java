package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests a server behind a real PgBouncer. These tests are skipped if it is not installed. */
@Tag("postgres")
@Tag("process")
class ConnectionPoolerTest {

    @TempDir
    private Path directory;

    private final StartLog log = new StartLog();
    private TestDatabase database;

    @BeforeEach
    void start() {
        assumeTrue(PgBouncer.isInstalled(), "No pgbouncer is on the PATH or in /usr/sbin");
        database = TestDatabase.empty();
    }

    @AfterEach
    void stop() {
        log.close();
        if (database != null) {
            database.close();
        }
    }

    private PgBouncer pooler(String mode) throws Exception {
        return pooler(mode, 20);
    }

    private PgBouncer pooler(String mode, int sessions) throws Exception {
        return new PgBouncer(
                directory, mode, sessions, URI.create(database.url()).getPort());
    }

    private String url(PgBouncer pooler) {
        URI direct = URI.create(database.url());
        return "postgres://postgres:postgres@127.0.0.1:" + pooler.port() + direct.getPath();
    }

    private static Coordinator coordinator(String url) throws Exception {
        return TestCoordinator.onPostgres(url);
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "statement"})
    void aSharedPoolOfSessionsIsRejectedAndStaysUnchanged(String mode) throws Exception {
        try (PgBouncer pooler = pooler(mode);
                Coordinator coordinator = coordinator(url(pooler))) {
            assertThat(log.await("cannot be set up yet"))
                    .contains("gives each transaction another session", "pool_mode=session", "Connect to PostgreSQL");
            HttpCalls calls = HttpCalls.to(coordinator);
            HttpResponse<String> unready = calls.get("/readyz");
            assertThat(unready.statusCode()).isEqualTo(503);
            assertThat(unready.body()).contains("leads to a connection pooler", "pool_mode=session");
            assertThat(coordinator.ready()).isNotDone();
            assertThat(setting(url(pooler), "statement_timeout")).isEqualTo("0");
            assertThat(setting(url(pooler), "enable_seqscan")).isEqualTo("on");
        }
    }

    /** A transaction on one connection would leave no session for the other, as if the database were away. */
    @Test
    void aPoolerWithASingleSessionIsNamedToo() throws Exception {
        try (PgBouncer pooler = pooler("transaction", 1);
                Coordinator coordinator = coordinator(url(pooler))) {
            assertThat(log.await("cannot be set up yet")).contains("gives each transaction another session");
            assertThat(coordinator.ready()).isNotDone();
        }
    }

    private static String setting(String url, String name) throws Exception {
        try (Connection connection = DatabaseUrl.parse(url).dataSource().getConnection();
                ResultSet rows = connection.createStatement().executeQuery("SHOW " + name)) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Test
    void sessionsOfItsOwnBehindAPoolerAreAccepted() throws Exception {
        try (PgBouncer pooler = pooler("session");
                Coordinator coordinator = coordinator(url(pooler))) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(200);
        }
    }
}
