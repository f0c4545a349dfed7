package io.streamlocks.coordinator.lock.postgres;

import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;

/** Finds the rights that the role of this server lacks to create its tables or to use the existing ones. */
public final class RightsCheck {

    /**
     * Only the rights of the lowest rank are reported. A role that has those of ranks 1 and 2 needs more only for a
     * migration, which the owner runs. Other tables in the schema do not matter.
     */
    private static final String LOOK = String.format(Locale.ROOT, """
            WITH place AS (
                SELECT current_user AS role, coalesce(current_schema(), named.schema) AS schema,
                    current_schema() IS NULL AS is_unusable,
                    EXISTS (SELECT FROM pg_namespace WHERE nspname = named.schema) AS is_there
                FROM (SELECT coalesce(
                    (SELECT trim(BOTH ' "' FROM entry)
                    FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS path (entry, n)
                    WHERE entry NOT LIKE '%%$user%%' ORDER BY n LIMIT 1), 'public') AS schema) AS named
            ), relation AS (
                SELECT c.*, c.oid::regclass AS name
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN place ON n.nspname = place.schema
                WHERE c.relname IN ('stream_locks', 'stream_lock_history', 'stream_lock_waiters',
                    'stream_lock_members', 'stream_lock_epoch', 'stream_lock_schema_history',
                    'stream_lock_fencing_token', 'stream_lock_ticket')
            ), routine AS (
                SELECT f.oid, f.proname, f.proowner
                FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace JOIN place ON n.nspname = place.schema
                WHERE f.proname IN ('stream_lock_ended', 'stream_lock_freed', %s)
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
                SELECT 2, format('GRANT %%s ON %%s TO %%I',
                    CASE relkind WHEN 'S' THEN 'USAGE, UPDATE' ELSE 'SELECT, INSERT, UPDATE, DELETE' END,
                    CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END || name, current_user)
                FROM relation WHERE relname IN (SELECT m.relation FROM missing m WHERE m.fix IS NOT NULL)
                UNION ALL
                SELECT 2, format('GRANT SELECT ON %%s TO %%I', name, current_user)
                FROM relation
                WHERE relname = 'stream_lock_schema_history' AND NOT has_table_privilege(oid, 'SELECT')
                UNION ALL
                SELECT 2, format('GRANT EXECUTE ON FUNCTION %%s TO %%I', oid::regprocedure, current_user)
                FROM routine WHERE proname IN (SELECT m.relation FROM missing m WHERE m.fix IS NOT NULL)
                UNION ALL
                SELECT 3, format('GRANT CREATE ON SCHEMA %%I TO %%I', schema, role)
                FROM place WHERE NOT is_unusable AND NOT has_schema_privilege(schema, 'CREATE')
                UNION ALL
                SELECT 3, format('ALTER TABLE %%s OWNER TO %%I', name, current_user)
                FROM relation WHERE relkind IN ('r', 'p') AND NOT pg_has_role(relowner, 'USAGE')
                UNION ALL
                SELECT 3, format('ALTER SEQUENCE %%s OWNER TO %%I', name, current_user)
                FROM relation WHERE relkind = 'S' AND NOT pg_has_role(relowner, 'USAGE')
                UNION ALL
                SELECT 3, format('ALTER FUNCTION %%s OWNER TO %%I', oid::regprocedure, current_user)
                FROM routine WHERE NOT pg_has_role(proowner, 'USAGE')
            )
            SELECT string_agg(sql, '; ' ORDER BY sql) AS needed
            FROM lacked WHERE rank = (SELECT min(rank) FROM lacked)
            """, Needs.quoted(Needs.FUNCTIONS), Needs.MISSING);

    private RightsCheck() {}

    /**
     * Finds the missing rights after PostgreSQL has rejected a statement: first those to the schema, then those to
     * existing tables, and if none of these is missing, those that a migration needs. This blocks for a connection and
     * one short query.
     *
     * @param dataSource provides connections as the role of this server
     * @return SQL for a role that may grant them; empty if none is missing
     * @throws RuntimeException if the database does not respond
     */
    public static Optional<String> missing(DataSource dataSource) {
        return new Statements(dataSource).query("read the rights of its role", LOOK, rows -> {
            rows.next();
            return Optional.ofNullable(rows.getString("needed"));
        });
    }
}
