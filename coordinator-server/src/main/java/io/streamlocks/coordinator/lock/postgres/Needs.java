package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Sequences.STREAM_LOCK_FENCING_TOKEN;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_HISTORY;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jooq.Field;
import org.jooq.Table;

/** The tables, columns, sequence and rights that a database must have for leases to be granted, renewed and ended. */
final class Needs {

    /** The columns that an acquire fills in a new row; a right may be given for each column by itself. */
    private static final Set<Field<?>> INSERTED = Set.of(
            STREAM_LOCKS.STREAM_ID,
            STREAM_LOCKS.OWNER_ID,
            STREAM_LOCKS.LEASE_ID,
            STREAM_LOCKS.FENCING_TOKEN,
            STREAM_LOCKS.TTL_MS,
            STREAM_LOCKS.ACQUIRED_AT,
            STREAM_LOCKS.EXPIRES_AT,
            STREAM_LOCKS.SUPERSEDED_LEASE_IDS,
            STREAM_LOCKS.LABELS);

    /**
     * Common table expressions; each row of the last, {@code missing}, names a relation, what of it is missing, and how the
     * statement begins that gives the right, if it is one. Reads the catalog
     * alone, which takes a fraction of a millisecond. The history counts only where the session has its triggers write it.
     */
    static final String MISSING = String.format(
            Locale.ROOT, """
            needed AS (
                SELECT n.*, to_regclass(n.relation) AS oid FROM (VALUES %s) AS n (relation, attribute, privilege)
                WHERE n.relation <> '%s' OR current_setting('stream_locks.history', true) IS DISTINCT FROM 'off'
            ),
            found AS (
                SELECT n.*, a.attnum
                FROM needed n
                    LEFT JOIN pg_attribute a ON a.attrelid = n.oid AND a.attname = n.attribute AND NOT a.attisdropped
            ),
            missing AS (
                SELECT relation, CASE
                        WHEN oid IS NULL THEN 'table ' || relation
                        WHEN attnum IS NULL THEN 'column ' || attribute || ' of ' || relation
                        ELSE privilege || ' on ' || relation END AS what,
                    CASE WHEN oid IS NOT NULL AND attnum IS NOT NULL
                        THEN 'GRANT ' || privilege || ' ON ' || relation || ' TO ' END AS mend
                FROM found
                WHERE oid IS NULL OR attnum IS NULL OR NOT has_column_privilege(oid, attnum, privilege)
                UNION ALL
                SELECT '%3$s', CASE WHEN oid IS NULL THEN 'sequence %3$s' ELSE 'USAGE on sequence %3$s' END,
                    CASE WHEN oid IS NOT NULL THEN 'GRANT USAGE ON SEQUENCE %3$s TO ' END
                FROM (SELECT to_regclass('%3$s') AS oid) s
                WHERE oid IS NULL OR NOT has_sequence_privilege(oid, 'USAGE, UPDATE')
            )""", values(), STREAM_LOCK_HISTORY.getName(), STREAM_LOCK_FENCING_TOKEN.getName());

    /** Other than a right. */
    private static final Pattern GONE = Pattern.compile("(table|column|sequence) .*");

    private Needs() {}

    private static String values() {
        List<String> rows = new ArrayList<>();
        for (Field<?> column : STREAM_LOCKS.fields()) {
            rows.add(row(STREAM_LOCKS, column, "SELECT"));
            if (INSERTED.contains(column)) {
                rows.add(row(STREAM_LOCKS, column, "INSERT"));
            }
            if (!column.equals(STREAM_LOCKS.STREAM_ID)) {
                rows.add(row(STREAM_LOCKS, column, "UPDATE"));
            }
        }
        for (Field<?> column : STREAM_LOCK_HISTORY.fields()) {
            rows.add(row(STREAM_LOCK_HISTORY, column, "INSERT"));
        }
        return String.join(", ", rows);
    }

    private static String row(Table<?> table, Field<?> column, String privilege) {
        return String.format(Locale.ROOT, "('%s', '%s', '%s')", table.getName(), column.getName(), privilege);
    }

    /**
     * Says what is missing and what mends it.
     *
     * @param missing what is missing, separated by commas
     * @param grants the statements that would give the rights among it, up to the role; null if there are none
     */
    static String told(String missing, String grants) {
        boolean isGone = Arrays.stream(missing.split(", "))
                .anyMatch(one -> GONE.matcher(one).matches());
        return "The database lacks what leases need: " + missing
                + (isGone
                        ? ". It was dropped, or is not in the search_path of the role of DATABASE_URL, which needs USAGE on its"
                                + " schema."
                        : "")
                + (grants == null ? "" : (isGone ? " As the owner: " : ". As the owner: ") + grants);
    }
}
