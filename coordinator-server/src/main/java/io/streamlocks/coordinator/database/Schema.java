package io.streamlocks.coordinator.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.output.MigrateResult;

/**
 * Creates the tables, or migrates them to this version. Other tables in their schema stay as they are.
 *
 * <p>A table of our own lists the migrations that were applied. The default table of Flyway may belong to another
 * application. It listed our migrations up to schema version 3. Our rows are copied from it, and stay in it for servers
 * of the previous version.
 */
public final class Schema {

    /** The table that lists the migrations that were applied. */
    public static final String HISTORY = "stream_lock_schema_history";

    private static final String FORMER_HISTORY = "flyway_schema_history";

    private static final Duration LOCK_TIMEOUT = Duration.ofMillis(250);

    /** A server that copies its history holds this lock. The number is arbitrary; no other program uses it. */
    private static final String ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7236840148259034)";

    private static final String HERE = "to_regclass(quote_ident(current_schema()) || '.%s')";

    /** Tables of an extension are not counted: they are not ours, and Flyway ignores them. */
    private static final String HAS_NO_OTHER_THAN = """
            NOT EXISTS (
                SELECT FROM pg_class c
                WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relname NOT LIKE '%s'
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'))""";

    private static final String IS_EMPTY = "SELECT " + String.format(Locale.ROOT, HAS_NO_OTHER_THAN, "");

    /** A role that may not create tables leaves the schema as it is. */
    private static final String HAS_OURS_ALONE =
            "SELECT " + String.format(Locale.ROOT, HAS_NO_OTHER_THAN, "stream\\_lock%")
                    + " AND has_schema_privilege(current_schema(), 'CREATE')";

    private static final String HAS_SCHEMA = "SELECT current_schema() IS NOT NULL";
    private static final String INVALID_SCHEMA_NAME = "3F000";

    private static final String IS_THERE =
            String.format(Locale.ROOT, "SELECT %s IS NOT NULL", String.format(Locale.ROOT, HERE, HISTORY));

    /** A table with that name may not be a table of Flyway. */
    private static final String IS_READABLE =
            String.format(Locale.ROOT, """
            SELECT coalesce(has_table_privilege(%1$s, 'SELECT'), false) AND 4 = (
                SELECT count(*)
                FROM pg_attribute
                WHERE attrelid = %1$s AND NOT attisdropped
                    AND (attname, atttypid) IN (('version', 'varchar'::regtype), ('script', 'varchar'::regtype),
                        ('checksum', 'integer'::regtype), ('success', 'boolean'::regtype)))
            """, String.format(Locale.ROOT, HERE, FORMER_HISTORY));

    /** Binds the versions, scripts and checksums of our migrations, which no row of another application has. */
    private static final String OURS = """
            FROM flyway_schema_history f
                JOIN unnest(?::text[], ?::text[], ?::int[]) AS ours (version, script, checksum)
                    USING (version, script, checksum)
            WHERE f.success""";

    private static final String NEW =
            OURS + " AND NOT EXISTS (SELECT FROM stream_lock_schema_history n WHERE n.version = f.version)";

    private static final String HAS_OURS = "SELECT count(*) > 0 " + OURS;
    private static final String HAS_NEW = "SELECT count(*) > 0 " + NEW;

    private static final String LIKE = "CREATE TABLE IF NOT EXISTS %s (LIKE %s INCLUDING ALL)";

    private static final String COPY = """
            INSERT INTO stream_lock_schema_history
                (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time,
                success)
            SELECT (SELECT coalesce(max(installed_rank), 0) FROM stream_lock_schema_history)
                    + row_number() OVER (ORDER BY f.installed_rank),
                version, f.description, f.type, script, checksum, f.installed_by, f.installed_on, f.execution_time, f.success
            """ + NEW;

    private final DataSource database;

    /**
     * @param database gives connections on which a statement may take as long as a migration
     */
    public Schema(DataSource database) {
        this.database = database;
    }

    /**
     * Migrates the schema to this version. Blocks for as long as that takes. Other servers may do the same at the same
     * time, because Flyway takes a lock in the database. The caller tries again after any failure. A schema of a newer
     * version stays as it is.
     *
     * @return the version of the schema, as a sentence
     * @throws SQLException if the former history cannot be read or copied
     * @throws RuntimeException if a migration fails
     */
    public String migrate() throws SQLException {
        FluentConfiguration configuration = Flyway.configure()
                .dataSource(database)
                .table(HISTORY)
                // A dump may lock the table for an hour. All calls would wait behind a migration that waits for it, so
                // the migration gives up soon and is tried again.
                .initSql("SET lock_timeout = " + LOCK_TIMEOUT.toMillis())
                .locations("classpath:db/migration")
                .loggers("slf4j");
        List<MigrationInfo> migrations =
                Arrays.asList(configuration.load().info().all());
        boolean wasEmpty;
        try (Connection connection = transaction()) {
            if (!isTrue(connection, HAS_SCHEMA)) {
                throw new SQLException(
                        "The search_path contains no schema that exists and that the role may use",
                        INVALID_SCHEMA_NAME);
            }
            wasEmpty = isTrue(connection, IS_EMPTY);
            adopt(connection, migrations);
            connection.commit();
        }
        // An empty schema needs no baseline. There, a baseline could only cover the tables that another server creates
        // at the same moment.
        MigrateResult result = configuration
                .baselineOnMigrate(!wasEmpty)
                .baselineVersion("0")
                .load()
                .migrate();
        leaveRoom();
        if (result.migrationsExecuted > 0) {
            return "migrated to schema version " + result.targetSchemaVersion;
        }
        boolean isNewer =
                migrations.stream().anyMatch(migration -> migration.getState() == MigrationState.FUTURE_SUCCESS);
        return "schema version " + result.initialSchemaVersion
                + (isNewer ? " is of a newer server, which this one can use" : " is up to date");
    }

    private static void adopt(Connection connection, List<MigrationInfo> migrations) throws SQLException {
        if (!isTrue(connection, IS_READABLE)) {
            return;
        }
        // A role without the right to create tables may not use CREATE TABLE IF NOT EXISTS either.
        boolean isThere = isTrue(connection, IS_THERE);
        try (PreparedStatement ours = withOurs(connection, isThere ? HAS_NEW : HAS_OURS, migrations);
                ResultSet row = ours.executeQuery()) {
            row.next();
            if (!row.getBoolean(1)) {
                return;
            }
        }
        if (!isThere) {
            execute(connection, String.format(Locale.ROOT, LIKE, HISTORY, FORMER_HISTORY));
        }
        try (PreparedStatement copy = withOurs(connection, COPY, migrations)) {
            copy.executeUpdate();
        }
    }

    /**
     * Creates an empty history for another application if the schema contains only our tables. With its default
     * settings, Flyway would refuse a schema that has tables and no history, or skip the first migration. A server that
     * dies before this step leaves it to the next one.
     */
    private void leaveRoom() throws SQLException {
        try (Connection connection = transaction()) {
            if (isTrue(connection, HAS_OURS_ALONE)) {
                execute(connection, String.format(Locale.ROOT, LIKE, FORMER_HISTORY, HISTORY));
            }
            connection.commit();
        }
    }

    private Connection transaction() throws SQLException {
        Connection connection = database.getConnection();
        try {
            connection.setAutoCommit(false);
            execute(connection, "SET LOCAL lock_timeout = " + LOCK_TIMEOUT.toMillis());
            execute(connection, ONE_AT_A_TIME);
            return connection;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private static PreparedStatement withOurs(Connection connection, String sql, List<MigrationInfo> migrations)
            throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statement.setArray(1, connection.createArrayOf("text", column(migrations, info -> info.getVersion()
                .getVersion())));
        statement.setArray(2, connection.createArrayOf("text", column(migrations, MigrationInfo::getScript)));
        statement.setArray(3, connection.createArrayOf("int4", column(migrations, MigrationInfo::getChecksum)));
        return statement;
    }

    private static Object[] column(List<MigrationInfo> migrations, Function<MigrationInfo, Object> value) {
        return migrations.stream().map(value).toArray();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static boolean isTrue(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getBoolean(1);
        }
    }
}
