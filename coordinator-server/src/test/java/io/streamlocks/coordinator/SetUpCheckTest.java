package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.streamlocks.coordinator.database.Schema;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.PreferQueryMode;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/**
 * Finds each set-up that can lose grants or grant none, in a real PostgreSQL with a standby, and nothing in a good
 * set-up.
 */
@Tag("postgres")
class SetUpCheckTest {

    private static PostgresPair postgres;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = new PostgresPair();
        Flyway.configure()
                .dataSource(postgres.primaryDatabase())
                .table(Schema.HISTORY)
                .locations("classpath:db/migration")
                .load()
                .migrate();
        postgres.primary().execute("CREATE ROLE \"Plain\" LOGIN");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void makeSynchronous() {
        postgres.makeSynchronous();
    }

    @AfterEach
    void asItWas() {
        postgres.primary().execute("ALTER SYSTEM RESET ALL");
        postgres.primary().execute("SELECT pg_reload_conf()");
    }

    @Test
    void aDatabaseThatKeepsItsCommitsHasNoFindings() {
        awaitFindings(primary());
    }

    @Test
    void pagesThatACrashBreaksAreFound() {
        set("full_page_writes", "off");
        awaitFindings(primary(), "full_page_writes is off");
    }

    @Test
    void aDatabaseThatWritesNothingToTheDiskIsFound() {
        try (TestDatabase fast = TestDatabase.migrated()) {
            awaitFindings(fast.pool(), "fsync is off", "synchronous_commit is off");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "off, synchronous_commit is off: a crash of PostgreSQL loses",
        "local, synchronous_commit is local: a grant is confirmed before a standby has it",
        "remote_write, synchronous_commit is remote_write: a grant is confirmed before it is on the standby's disk"
    })
    void aCommitThatIsConfirmedBeforeItIsSafeIsFound(String synchronousCommit, String finding) {
        awaitFindings(with("synchronous_commit", synchronousCommit), finding);
        assertThat(look(with("synchronous_commit", synchronousCommit)))
                .singleElement()
                .asString()
                .endsWith("ALTER ROLE postgres SET synchronous_commit = on");
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "remote_apply"})
    void aCommitOnTheDiskOfTheStandbyIsNoFinding(String synchronousCommit) {
        awaitFindings(with("synchronous_commit", synchronousCommit));
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "local", "remote_write"})
    void standbysWithoutASynchronousOneAreFoundWithAnySynchronousCommit(String synchronousCommit) {
        set("synchronous_standby_names", "");
        awaitFindings(
                with("synchronous_commit", synchronousCommit), "standbys are attached (1) and none is synchronous");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"other | 0 of 1", "ANY 2 (standby, other) | 1 of 2", "2 (standby, other) | 1 of 2"})
    void writesThatWaitForMissingStandbysAreFound(String names, String synchronous) {
        set("synchronous_standby_names", names);
        awaitFindings(primary(), "standbys that are attached (1) too few are synchronous (" + synchronous + ")");
        // Such a commit waits for no standby.
        awaitFindings(with("synchronous_commit", "local"), "synchronous_commit is local");
    }

    @ParameterizedTest
    @ValueSource(strings = {"standby", "*", "FIRST 1 (standby, other)", "any 1 (standby, other)"})
    void writesThatWaitForAnAttachedStandbyAreNoFinding(String names) {
        set("synchronous_standby_names", names);
        awaitFindings(primary());
    }

    @Test
    void aRoleThatMayNotSeeTheStandbysGetsOnlyCertainFindings() {
        PGSimpleDataSource plain = primary();
        plain.setUser("Plain");
        awaitFindings(plain);
        set("synchronous_standby_names", "");
        awaitFindings(plain, "none is synchronous");
        set("synchronous_standby_names", "ANY 2 (standby, other)");
        awaitFindings(plain, "too few are synchronous (0 of 2)");
        plain.setOptions("-c synchronous_commit=off");
        awaitFindings(plain, "ALTER ROLE \"Plain\" SET synchronous_commit = on");
    }

    @Test
    void aMissingStandbyIsFoundUntilItReturns() {
        postgres.disconnectStandby();
        awaitFindings(primary(), "standbys that are attached (0) too few are synchronous (0 of 1)");
        postgres.connectStandby();
        awaitFindings(primary());
    }

    /** A backup has a process that streams the WAL as a standby does. */
    @Test
    void aRunningBackupIsNoStandby() throws Exception {
        set("synchronous_standby_names", "");
        PGSimpleDataSource backup = primary();
        backup.setApplicationName("pg_basebackup");
        backup.setReplication("true");
        backup.setAssumeMinServerVersion("13");
        backup.setPreferQueryMode(PreferQueryMode.SIMPLE);
        try (Connection connection = backup.getConnection();
                PGReplicationStream stream = connection
                        .unwrap(PGConnection.class)
                        .getReplicationAPI()
                        .replicationStream()
                        .physical()
                        .withStartPosition(LogSequenceNumber.valueOf(ask("SELECT pg_current_wal_lsn()")))
                        .start()) {
            assertThat(stream.isClosed()).isFalse();
            await().untilAsserted(
                            () -> assertThat(ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"))
                                    .isEqualTo("2"));
            awaitFindings(primary(), "standbys are attached (1) and none is synchronous");
        }
    }

    private static String ask(String query) throws SQLException {
        try (Connection connection = primary().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    void aStandbyInThePlaceOfAPrimaryIsFound() {
        awaitFindings(postgres.standbyDatabase(), "it is a standby");
    }

    @Test
    void aDatabaseThatTakesNoWritesIsFound() {
        awaitFindings(with("default_transaction_read_only", "on"), "default_transaction_read_only is on");
    }

    @Test
    void tablesThatACrashEmptiesAreFound() {
        postgres.primary().execute("ALTER TABLE stream_locks SET UNLOGGED");
        postgres.primary().execute("ALTER TABLE stream_lock_epoch SET UNLOGGED");
        awaitFindings(primary(), "unlogged: stream_lock_epoch, stream_locks. A crash empties it");
        postgres.primary().execute("ALTER TABLE stream_locks SET LOGGED");
        postgres.primary().execute("ALTER TABLE stream_lock_epoch SET LOGGED");
        awaitFindings(primary());
    }

    @Test
    void aSequenceThatACrashEmptiesIsFound() throws Exception {
        try (Connection connection = primary().getConnection()) {
            assumeTrue(
                    connection.getMetaData().getDatabaseMajorVersion() >= 15,
                    "PostgreSQL before 15 has no unlogged sequences");
        }
        postgres.primary().execute("ALTER SEQUENCE stream_lock_fencing_token SET UNLOGGED");
        awaitFindings(primary(), "unlogged: stream_lock_fencing_token. A crash empties it");
        postgres.primary().execute("ALTER SEQUENCE stream_lock_fencing_token SET LOGGED");
        awaitFindings(primary());
    }

    /** A function that hides that of PostgreSQL returns the number of an older version. */
    @Test
    void aVersionThatIsTooOldIsFound() {
        postgres.primary().execute("CREATE SCHEMA older");
        postgres.primary()
                .execute("CREATE FUNCTION older.current_setting(name text) RETURNS text LANGUAGE sql AS $$"
                        + " SELECT CASE name WHEN 'server_version_num' THEN '120022'"
                        + " ELSE pg_catalog.current_setting(name) END $$");
        awaitFindings(with("search_path", "older,pg_catalog,public"), "it is PostgreSQL 12, on which");
        awaitFindings(primary());
    }

    /** Changes a setting of the whole server. */
    private static void set(String setting, String value) {
        postgres.primary().execute(String.format(Locale.ROOT, "ALTER SYSTEM SET %s = '%s'", setting, value));
        postgres.primary().execute("SELECT pg_reload_conf()");
    }

    private static PGSimpleDataSource primary() {
        return postgres.primaryDatabase();
    }

    /** Returns sessions of the primary with their own value of a setting. */
    private static DataSource with(String setting, String value) {
        PGSimpleDataSource dataSource = primary();
        dataSource.setOptions("-c " + setting + "=" + value);
        return dataSource;
    }

    private static List<String> look(DataSource dataSource) {
        return new SetUpCheck(dataSource).look().findings();
    }

    /** Waits, because the processes of PostgreSQL read a changed setting one after another. */
    private static void awaitFindings(DataSource dataSource, String... expected) {
        await().untilAsserted(() -> {
            List<String> findings = look(dataSource);
            assertThat(findings).hasSameSizeAs(expected);
            for (int i = 0; i < expected.length; i++) {
                assertThat(findings.get(i)).contains(expected[i]);
            }
        });
    }
}
