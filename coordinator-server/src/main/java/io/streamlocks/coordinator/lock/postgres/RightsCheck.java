package io.streamlocks.coordinator.lock.postgres;

import java.util.Optional;
import javax.sql.DataSource;

/** Tells which rights the role of this server lacks to set up its tables and to use them. */
public final class RightsCheck {

    private static final String LOOK = """
            WITH place AS (
                SELECT current_user AS role, coalesce(current_schema(), named.schema) AS schema,
                    current_schema() IS NULL AS is_unusable,
                    EXISTS (SELECT FROM pg_namespace WHERE nspname = named.schema) AS is_there
                FROM (SELECT coalesce(
                    (SELECT trim(BOTH ' "' FROM entry)
                    FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS path (entry, n)
                    WHERE entry NOT LIKE '%$user%' ORDER BY n LIMIT 1), 'public') AS schema) AS named
            ), relation AS (
                SELECT c.*, c.oid::regclass AS name
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN place ON n.nspname = place.schema
                WHERE c.relname IN ('stream_locks', 'stream_lock_history', 'stream_lock_schema_history',
                    'flyway_schema_history', 'stream_lock_fencing_token')
            ), missing AS (
                SELECT 1 AS rank, format('CREATE SCHEMA %I AUTHORIZATION %I', schema, role) AS sql
                FROM place WHERE is_unusable AND NOT is_there
                UNION ALL
                SELECT 1, format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', schema, role)
                FROM place
                WHERE CASE WHEN is_unusable THEN is_there ELSE NOT has_schema_privilege(schema, 'CREATE') END
                UNION ALL
                SELECT 1, format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', name, current_user)
                FROM relation
                WHERE relkind IN ('r', 'p') AND NOT (
                    has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                    AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
                UNION ALL
                SELECT 1, format('GRANT USAGE, SELECT, UPDATE ON SEQUENCE %s TO %I', name, current_user)
                FROM relation
                WHERE relkind = 'S' AND NOT (has_sequence_privilege(oid, 'USAGE')
                    AND has_sequence_privilege(oid, 'SELECT') AND has_sequence_privilege(oid, 'UPDATE'))
                UNION ALL
                SELECT 2, format('ALTER TABLE %s OWNER TO %I', name, current_user)
                FROM relation WHERE NOT pg_has_role(relowner, 'USAGE')
            )
            SELECT string_agg(sql, '; ' ORDER BY sql) AS needed
            FROM missing WHERE rank = (SELECT min(rank) FROM missing)
            """;

    private RightsCheck() {}

    /**
     * Looks which rights are missing; those of an owner only if no other is. Blocks for a connection and one short query.
     *
     * @param dataSource gives connections as the role of this server
     * @return SQL for whoever may grant them; empty if none is missing
     * @throws RuntimeException if the database does not answer
     */
    public static Optional<String> missing(DataSource dataSource) {
        return new Statements(dataSource).query("look at the rights of its role", LOOK, rows -> {
            rows.next();
            return Optional.ofNullable(rows.getString("needed"));
        });
    }
}
