package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.command.Commands;
import io.streamlocks.coordinator.database.SchemaSetUp;
import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.PostgresServer;
import io.streamlocks.testkit.rig.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that one role migrates by the command {@code migrate}, and another one serves. */
@Tag("postgres")
@Tag("process")
class MigrateCommandTest {

    private static final String LATEST =
            Migrations.versions().get(Migrations.versions().size() - 1);

    @TempDir
    private Path directory;

    private final StartLog log = new StartLog();
    private TestDatabase database;
    private TwoRoles roles;

    @BeforeEach
    void start() throws Exception {
        database = TestDatabase.empty();
        roles = TwoRoles.create(database, "public");
    }

    @AfterEach
    void stop() {
        log.close();
        roles.close();
        database.close();
    }

    private record Result(int status, String out, String err) {}

    private Result migrate(String role) {
        return migrate(Map.of("DATABASE_URL", roles.url(role)));
    }

    private static Result migrate(Map<String, String> environment) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Commands.run(List.of("migrate"), environment, printing(out), printing(err));
        return new Result(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static PrintStream printing(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private void assertMigrated(Result result) {
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .startsWith("PostgreSQL at postgres://localhost:")
                .endsWith(LATEST + "\n");
    }

    private void assertServes(String role) throws Exception {
        try (Coordinator coordinator = TestCoordinator.onPostgres(roles.url(role))) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            UUID leaseId = UUID.randomUUID();
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            CompletableFuture<String> waiter = calls.postAsync(
                            "/v1/locks/a/acquire", "{\"ownerId\":\"waiter\",\"waitMs\":20000}")
                    .thenApply(response -> response.statusCode() + " " + response.body());
            Awaitility.await()
                    .until(() -> calls.get("/v1/locks/a/waiters").body().contains("\"waiter\""));
            Awaitility.await()
                    .until(() -> calls.get("/metrics").body().contains("streamlocks_hand_overs_reported 1.0"));
            assertThat(calls.release("a", leaseId).statusCode()).isEqualTo(204);
            assertThat(waiter.get(20, TimeUnit.SECONDS)).startsWith("200 ");
            assertThat(calls.post("/v1/locks/a/break", "{\"reason\":\"test\"}").statusCode())
                    .isEqualTo(200);
            assertThat(calls.get("/v1/locks/a/history").body()).contains("broken", "released");
            assertThat(calls.get("/v1/locks").statusCode()).isEqualTo(200);
            assertThat(calls.get("/v1/groups").statusCode()).isEqualTo(200);
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theOwnerMigratesAndTheServersNeedOnlyTheirRights() throws Exception {
        assertMigrated(migrate(TwoRoles.OWNER));
        roles.grant();
        assertServes(TwoRoles.SERVERS);
        Result again = migrate(TwoRoles.SERVERS);
        assertThat(again.status()).isZero();
        assertThat(again.out()).endsWith("schema version " + LATEST + " is up to date\n");
    }

    @Test
    void aServerWhoseRoleMayNotMigrateNamesTheCommandAndStartsAfterIt() throws Exception {
        try (Coordinator coordinator = TestCoordinator.onPostgres(roles.url(TwoRoles.SERVERS))) {
            assertThat(log.await("cannot be set up yet"))
                    .contains(
                            "Let another role create the tables with java -jar coordinator.jar migrate",
                            "GRANT USAGE, CREATE ON SCHEMA public TO locks");
            assertMigrated(migrate(TwoRoles.OWNER));
            log.await("GRANT SELECT ON stream_lock_schema_history TO locks");
            roles.grant();
            coordinator.ready().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void anUpgradeNeedsNoMoreGrants() throws Exception {
        database.migrateTo("4", TwoRoles.OWNER);
        for (String grant : roles.singleGrants()) {
            if (!grant.matches(".*(waiters|members|epoch|ticket).*")) {
                database.sql().execute(grant);
            }
        }
        roles.grantForLater();
        try (Coordinator coordinator = TestCoordinator.onPostgres(roles.url(TwoRoles.SERVERS))) {
            assertThat(log.await("cannot be set up yet"))
                    .contains("A migration is due. Run java -jar coordinator.jar migrate", "They belong to locks_owner")
                    .doesNotContain("GRANT");
            assertMigrated(migrate(TwoRoles.OWNER));
            coordinator.ready().get(30, TimeUnit.SECONDS);
        }
        assertServes(TwoRoles.SERVERS);
    }

    @Test
    void aRunningServerGivesItsTablesAway() throws Exception {
        database.sql().execute("GRANT CREATE ON SCHEMA public TO " + TwoRoles.SERVERS);
        try (Coordinator coordinator = TestCoordinator.onPostgres(roles.url(TwoRoles.SERVERS))) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            UUID leaseId = UUID.randomUUID();
            assertThat(calls.acquire("b", leaseId).statusCode()).isEqualTo(200);
            database.sql().transaction(admin -> {
                for (String sql : roles.giveAway()) {
                    admin.dsl().execute(sql);
                }
                for (String sql : roles.singleGrants()) {
                    admin.dsl().execute(sql);
                }
            });
            database.sql().execute("REVOKE CREATE ON SCHEMA public FROM " + TwoRoles.SERVERS);
            assertThat(calls.renew("b", leaseId).statusCode()).isEqualTo(200);
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
        }
        assertServes(TwoRoles.SERVERS);
        assertThatThrownBy(() -> roles.asServers().execute("DROP TABLE stream_locks"))
                .hasMessageContaining("must be owner");
    }

    @Test
    void rightsThatAreMissingAreNamed() {
        Result result = migrate(TwoRoles.SERVERS);
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith("PostgreSQL at postgres://localhost:")
                .contains(
                        "cannot be migrated: ", "permission denied for schema public", "GRANT USAGE, CREATE ON SCHEMA");
    }

    @Test
    void aSchemaOfANewerServerStaysAsItIs() throws Exception {
        assertMigrated(migrate(TwoRoles.OWNER));
        roles.asOwner()
                .execute("INSERT INTO stream_lock_schema_history SELECT installed_rank + 1, '999', 'later', type,"
                        + " 'V999__later.sql', 1, installed_by, installed_on, 1, true FROM stream_lock_schema_history"
                        + " ORDER BY installed_rank DESC LIMIT 1");
        Result result = migrate(TwoRoles.OWNER);
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out()).endsWith("schema version 999 is of a newer server, which this one can use\n");
    }

    @Test
    void twoCommandsAtTheSameTimeMigrateOnce() throws Exception {
        CompletableFuture<Result> other = CompletableFuture.supplyAsync(() -> migrate(TwoRoles.OWNER));
        Result one = migrate(TwoRoles.OWNER);
        assertThat(List.of(one, other.get(60, TimeUnit.SECONDS))).allSatisfy(result -> {
            assertThat(result.err()).isEmpty();
            assertThat(result.status()).isZero();
        });
        assertThat(roles.asOwner()
                        .fetchValues("SELECT version FROM stream_lock_schema_history ORDER BY installed_rank"))
                .isEqualTo(Migrations.versions());
    }

    @Test
    void aTableThatIsLockedForAMomentIsWaitedFor() throws Exception {
        database.migrateTo("4", TwoRoles.OWNER);
        try (Connection holder = database.transaction();
                CapturedLog retries = new CapturedLog(SchemaSetUp.class)) {
            holder.createStatement().execute("SELECT FROM stream_locks");
            CompletableFuture<Result> result = CompletableFuture.supplyAsync(() -> migrate(TwoRoles.OWNER));
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> retries.messages().stream()
                    .anyMatch(line -> line.contains("The migration is tried again")));
            holder.rollback();
            assertMigrated(result.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aWrongPasswordIsReported() throws Exception {
        try (PostgresServer postgres = PostgresServer.builder().start()) {
            postgres.sql("postgres").execute("CREATE ROLE rotating LOGIN PASSWORD 'right'");
            DatabasePasswordTest.askForAPassword(postgres);
            Path file = Files.writeString(directory.resolve("password"), "secret-and-wrong\n");
            Result result = migrate(Map.of(
                    "DATABASE_URL",
                    postgres.url("postgres").replace("postgres@", "rotating@"),
                    "DATABASE_PASSWORD_FILE",
                    file.toString()));
            assertThat(result.status()).isEqualTo(1);
            assertThat(result.err())
                    .contains("cannot be migrated: ", "password authentication failed for user \"rotating\"")
                    .doesNotContain("secret-and-wrong");
        }
    }

    @Test
    void settingsThatAreNotValidAreReported() {
        Result result = migrate(Map.of("LOCK_TTL_MS", "not read"));
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("The settings are not valid:\nDATABASE_URL must be set\n");
    }

    @Test
    void theProcessExitsWithTheStatusOfTheCommand() throws Exception {
        database.sql().execute("CREATE SCHEMA own AUTHORIZATION " + TwoRoles.OWNER);
        Map<String, String> settings =
                Map.of("DATABASE_URL", roles.url(TwoRoles.OWNER).replace("=public", "=own"), "HTTP_HOST", "0.0.0.0");
        try (CoordinatorProcess process = CoordinatorProcess.run(settings, "migrate")) {
            assertThat(process.exitCode(Duration.ofSeconds(60))).isZero();
            assertThat(process.out()).endsWith(": migrated to schema version " + LATEST);
        }
        assertThat(database.sql().fetchValues("SELECT schemaname FROM pg_tables WHERE tablename = 'stream_locks'"))
                .isEqualTo(List.of("own"));
        settings = Map.of("DATABASE_URL", roles.url(TwoRoles.SERVERS).replace("=public", "=own"), "LOG_FORMAT", "json");
        try (CoordinatorProcess process = CoordinatorProcess.run(settings, "migrate")) {
            assertThat(process.exitCode(Duration.ofSeconds(60))).isEqualTo(1);
            assertThat(process.out()).isEmpty();
            assertThat(process.err()).contains("GRANT USAGE ON SCHEMA own TO locks");
        }
    }
}
