package io.streamlocks.coordinator.lock.postgres;

import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;

/** Finds the rights that the role of this server lacks to create its tables or to use the existing ones. */
public final class RightsCheck {

    private static final String GRANT = "Run this as a role that may grant it: ";

    private static final String CREATE_OTHERWISE = "Let another role create the tables with java -jar coordinator.jar"
            + " migrate, or give this role the rights. ";

    private static final String MIGRATE =
            "A migration is due. Run java -jar coordinator.jar migrate with a DATABASE_URL"
                    + " whose role owns the tables. They belong to ";

    /**
     * The rights of a role that uses the tables and does not own them. docs/operations.md, "Two roles", lists the same.
     */
    private static final String USED = """
            (VALUES ('stream_locks', 'SELECT, INSERT, UPDATE, DELETE'),
                ('stream_lock_waiters', 'SELECT, INSERT, UPDATE, DELETE'),
                ('stream_lock_members', 'SELECT, INSERT, UPDATE, DELETE'),
                ('stream_lock_history', 'SELECT, INSERT, DELETE'),
                ('stream_lock_epoch', 'SELECT, INSERT, UPDATE'),
                ('stream_lock_fencing_token', 'UPDATE'),
                ('stream_lock_ticket', 'USAGE'),
                ('stream_lock_schema_history', 'SELECT')) AS used (relname, privileges)""";

    /**
     * Only the rights of the lowest rank are reported. A role that has those of ranks 1 and 2 needs more only for a
     * migration. The owners are those of objects that the role may not migrate. Other tables in the schema do not matter.
     */
    private static final String LOOK =
            String.format(Locale.ROOT, """
            WITH place AS (
                SELECT current_user AS role, coalesce(current_schema(), named.schema) AS schema,
                    current_schema() IS NULL AS is_unusable,
                    EXISTS (SELECT FROM pg_namespace WHERE nspname = named.schema) AS is_there
                FROM (SELECT coalesce(
                    (SELECT trim(BOTH ' "' FROM entry)
                    FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS path (entry, n)
                    WHERE entry NOT LIKE '%%$user%%' ORDER BY n LIMIT 1), 'public') AS schema) AS named
            ), relation AS (
                SELECT c.oid, c.oid::regclass AS name, relname, c.relkind, c.relowner AS owner, used.privileges
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN place ON n.nspname = place.schema
                    JOIN %s USING (relname)
            ), routine AS (
                SELECT f.oid, f.proname, f.proowner AS owner
                FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace JOIN place ON n.nspname = place.schema
                WHERE f.proname IN ('stream_lock_ended', 'stream_lock_freed', %s)
            ), other AS (
                SELECT DISTINCT owner
                FROM (SELECT owner FROM relation UNION ALL SELECT owner FROM routine) o
                WHERE NOT pg_has_role(owner, 'USAGE')
            ), %s, lacked AS (
                SELECT 1 AS rank, format('CREATE SCHEMA %%I AUTHORIZATION %%I', schema, role) AS sql
                FROM place WHERE is_unusable AND NOT is_there
                UNION ALL
                SELECT 1, format('GRANT USAGE%%s ON SCHEMA %%I TO %%I',
                    CASE WHEN EXISTS (SELECT FROM relation) THEN '' ELSE ', CREATE' END, schema, role)
                FROM place
                WHERE CASE WHEN is_unusable THEN is_there
                    ELSE NOT EXISTS (SELECT FROM relation) AND NOT has_schema_privilege(schema, 'CREATE') END
                UNION ALL
                SELECT 2, format('GRANT %%s ON %%s%%s TO %%I',
                    privileges, CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END, name, current_user)
                FROM relation
                WHERE relname IN (SELECT m.relation FROM missing m WHERE m.fix IS NOT NULL)
                    OR relname = 'stream_lock_schema_history' AND NOT has_table_privilege(oid, 'SELECT')
                UNION ALL
                SELECT 2, format('GRANT EXECUTE ON FUNCTION %%s TO %%I', oid::regprocedure, current_user)
                FROM routine WHERE proname IN (SELECT m.relation FROM missing m WHERE m.fix IS NOT NULL)
                UNION ALL
                SELECT 3, format('GRANT CREATE ON SCHEMA %%I TO %%I', schema, role)
                FROM place
                WHERE NOT is_unusable AND NOT has_schema_privilege(schema, 'CREATE') AND NOT EXISTS (SELECT FROM other)
            )
            SELECT string_agg(sql, '; ' ORDER BY sql) AS needed,
                EXISTS (SELECT FROM relation) AS has_tables,
                (SELECT string_agg(owner::regrole::text, ', ' ORDER BY owner::regrole::text) FROM other) AS owners
            FROM lacked WHERE rank = (SELECT min(rank) FROM lacked)
            """, USED, Needs.quoted(Needs.FUNCTIONS), Needs.MISSING);

    private RightsCheck() {}

    /**
     * Finds the missing rights after PostgreSQL has rejected a statement: first those to the schema, then those to
     * existing tables, and if none of these is missing, those that a migration needs. This blocks for a connection and
     * one short query.
     *
     * @param dataSource provides connections as the role of this server
     * @return what to do, as complete sentences; empty if no right is missing
     * @throws RuntimeException if the database does not respond
     */
    public static Optional<String> advice(DataSource dataSource) {
        return new Statements(dataSource).query("read the rights of its role", LOOK, rows -> {
            rows.next();
            String needed = rows.getString("needed");
            String owners = rows.getString("owners");
            if (needed != null) {
                return Optional.of((rows.getBoolean("has_tables") ? "" : CREATE_OTHERWISE) + GRANT + needed);
            }
            return Optional.ofNullable(owners).map(MIGRATE::concat);
        });
    }
}
