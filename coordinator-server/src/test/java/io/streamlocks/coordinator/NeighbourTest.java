package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.testkit.rig.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.jooq.Record;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests other applications in the same database, in particular those that use Flyway as well. */
class NeighbourTest {

    private static final List<String> OURS = Migrations.versions();
    private static final List<String> OURS_WITH_BASELINE =
            Stream.concat(Stream.of("0"), OURS.stream()).toList();

    private final TestDatabase database = TestDatabase.empty();

    @TempDir
    private Path theirs;

    @BeforeEach
    void writeTheirMigrations() throws Exception {
        Files.writeString(theirs.resolve("V1__their_table.sql"), "CREATE TABLE their_table (id int)");
        Files.writeString(theirs.resolve("V2__their_row.sql"), "INSERT INTO their_table VALUES (1)");
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aServerStartsBesideAnApplicationThatWasThereFirst() throws Exception {
        neighbour().load().migrate();
        serve();
        assertThat(versions("stream_lock_schema_history")).containsExactlyElementsOf(OURS_WITH_BASELINE);
        assertThat(versions("flyway_schema_history")).containsExactly("1", "2");
        theNeighbourGoesOn();
        serve();
    }

    @Test
    void anApplicationStartsBesideAServerThatWasThereFirst() throws Exception {
        serve();
        assertThat(versions("stream_lock_schema_history")).containsExactlyElementsOf(OURS);
        neighbour().load().migrate();
        assertThat(versions("flyway_schema_history")).containsExactly("1", "2");
        serve();
        theNeighbourGoesOn();
    }

    /** Many Spring Boot applications use this setting. Flyway could skip their first migration without a message. */
    @Test
    void anApplicationThatUsesExistingTablesAsItsBaselineGetsAllItsTables() throws Exception {
        serve();
        neighbour().baselineOnMigrate(true).load().migrate();
        assertThat(versions("flyway_schema_history")).containsExactly("1", "2");
        assertThat(count("their_table")).isEqualTo(1);
    }

    @Test
    void tablesOfAnApplicationWithoutFlywayAreNoObstacleAndNoHistoryIsCreatedForIt() throws Exception {
        database.sql().execute("CREATE TABLE their_table (id int)");
        serve();
        assertThat(database.sql()
                        .fetchSingle("SELECT to_regclass('flyway_schema_history')")
                        .get(0))
                .isNull();
    }

    @Test
    void aTableWithTheNameOfFlywaysHistoryIsNoObstacle() throws Exception {
        database.sql().execute("CREATE TABLE flyway_schema_history (version int, success boolean)");
        serve();
        assertThat(versions("stream_lock_schema_history")).containsExactlyElementsOf(OURS_WITH_BASELINE);
    }

    @Test
    void aServerThatDiedBeforeItCreatedTheHistoryForOthersLeavesThatToTheNext() throws Exception {
        serve();
        database.sql().execute("DROP TABLE flyway_schema_history");
        serve();
        neighbour().load().migrate();
        assertThat(versions("flyway_schema_history")).containsExactly("1", "2");
    }

    @Test
    void aHistoryWithHigherVersionsIsNotMistakenForOurs() throws Exception {
        neighbour().baselineVersion("7").load().baseline();
        serve();
        assertThat(versions("flyway_schema_history")).containsExactly("7");
    }

    @Test
    void migrationsOfThePreviousVersionAreCopiedAndStayForServersOfThatVersion() throws Exception {
        asTheVersionBefore("3");
        List<List<Object>> before = rows("flyway_schema_history");
        serve();
        assertThat(versions("stream_lock_schema_history")).containsExactlyElementsOf(OURS);
        assertThat(rows("flyway_schema_history")).isEqualTo(before);
        asTheVersionBefore("3");
        serve();
    }

    /** A server of the previous version may have migrated at the same time. */
    @Test
    void laterMigrationsOfThePreviousVersionAreCopiedToo() throws Exception {
        asTheVersionBefore("2");
        database.sql().execute("CREATE TABLE stream_lock_schema_history (LIKE flyway_schema_history INCLUDING ALL)");
        database.sql()
                .execute(
                        "INSERT INTO stream_lock_schema_history SELECT * FROM flyway_schema_history WHERE version = '1'");
        serve();
        assertThat(versions("stream_lock_schema_history")).containsExactlyElementsOf(OURS);
    }

    @Test
    void onlyOurRowsOfASharedHistoryAreCopied() throws Exception {
        asTheVersionBefore("2");
        Files.writeString(theirs.resolve("V2.1__their_index.sql"), "CREATE INDEX ON their_table (id)");
        Files.delete(theirs.resolve("V2__their_row.sql"));
        Files.move(theirs.resolve("V1__their_table.sql"), theirs.resolve("V1.5__their_table.sql"));
        neighbour().ignoreMigrationPatterns("*:missing").outOfOrder(true).load().migrate();
        serve();
        assertThat(versions("stream_lock_schema_history")).containsExactlyElementsOf(OURS);
        assertThat(versions("flyway_schema_history")).containsExactly("1", "2", "1.5", "2.1");
    }

    @Test
    void aServerUsesTheSchemaOfItsUrl() throws Exception {
        database.sql().execute("CREATE SCHEMA ours");
        serve("?currentSchema=ours");
        assertThat(database.sql()
                        .fetchSingle("SELECT to_regclass('public.stream_locks')")
                        .get(0))
                .isNull();
        assertThat(count("ours.stream_lock_history")).isEqualTo(1);
        neighbour().load().migrate();
        serve("?currentSchema=ours");
    }

    private void theNeighbourGoesOn() throws Exception {
        Files.writeString(theirs.resolve("V3__their_column.sql"), "ALTER TABLE their_table ADD COLUMN name text");
        neighbour().load().migrate();
        assertThat(versions("flyway_schema_history")).containsExactly("1", "2", "3");
    }

    private void serve() throws Exception {
        serve("");
    }

    /** Starts a server, grants a lease and releases it. */
    private void serve(String options) throws Exception {
        try (Coordinator coordinator = new Coordinator(Settings.from(Map.of(
                "LOCK_BACKEND", "postgres",
                "DATABASE_URL", database.url() + options,
                "HTTP_PORT", "0",
                "SHUTDOWN_DRAIN_MS", "0")))) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            HttpCalls calls = new HttpCalls("http://127.0.0.1:" + coordinator.port());
            UUID leaseId = UUID.randomUUID();
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            assertThat(calls.release("a", leaseId).statusCode()).isEqualTo(204);
        }
    }

    private FluentConfiguration neighbour() {
        return Flyway.configure().dataSource(database.pool()).locations("filesystem:" + theirs);
    }

    private void asTheVersionBefore(String version) {
        Flyway.configure()
                .dataSource(database.pool())
                .locations("classpath:db/migration")
                .target(version)
                .load()
                .migrate();
    }

    private List<String> versions(String history) {
        return database.sql()
                .fetch("SELECT version FROM " + history + " ORDER BY installed_rank")
                .getValues(0, String.class);
    }

    private List<List<Object>> rows(String table) {
        return database.sql()
                .fetch("SELECT * FROM " + table + " ORDER BY installed_rank")
                .map(Record::intoList);
    }

    private int count(String table) {
        return database.sql().fetchSingle("SELECT count(*) FROM " + table).get(0, Integer.class);
    }
}
