package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Sequences.STREAM_LOCK_FENCING_TOKEN;
import static io.streamlocks.coordinator.lock.postgres.generated.Sequences.STREAM_LOCK_TICKET;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_EPOCH;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_HISTORY;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_MEMBERS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_WAITERS;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jooq.Field;
import org.jooq.Table;

/** The tables, columns, sequences, functions and rights that a database needs so that leases can be granted, renewed and ended. */
final class Needs {

    /** The sequence of tokens is also raised. */
    private static final String SEQUENCES = String.format(
            Locale.ROOT,
            "('%s', 'UPDATE'), ('%s', 'USAGE')",
            STREAM_LOCK_FENCING_TOKEN.getName(),
            STREAM_LOCK_TICKET.getName());

    /** The functions that statements call, and those that these call. PostgreSQL calls the others. */
    static final List<String> FUNCTIONS = List.of(
            "stream_lock_advance",
            "stream_lock_enter_epoch",
            "stream_lock_first_token",
            "stream_lock_hand_over",
            "stream_lock_is_open",
            "stream_lock_is_preceded",
            "stream_lock_leave",
            "stream_lock_next_token",
            "stream_lock_opens",
            "stream_lock_opens_at",
            "stream_lock_queue",
            "stream_lock_raise",
            "stream_lock_waiting");

    /**
     * Common table expressions. Each row of the last one, {@code missing}, names a relation, what is missing, and the
     * beginning of the statement that grants it, if it is a right. They read only the catalog, which takes a fraction
     * of a millisecond. The history counts only if the triggers of this session write it.
     */
    static final String MISSING = String.format(
            Locale.ROOT,
            """
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
                        THEN 'GRANT ' || privilege || ' ON ' || relation || ' TO ' END AS fix
                FROM found
                WHERE oid IS NULL OR attnum IS NULL OR NOT has_column_privilege(oid, attnum, privilege)
                UNION ALL
                SELECT name, 'DELETE on ' || name, 'GRANT DELETE ON ' || name || ' TO '
                FROM (SELECT name, to_regclass(name) AS oid FROM unnest(ARRAY[%3$s]) AS n (name)) t
                WHERE NOT has_table_privilege(oid, 'DELETE')
                UNION ALL
                SELECT name, CASE WHEN oid IS NULL THEN 'sequence ' || name ELSE privilege || ' on sequence ' || name END,
                    CASE WHEN oid IS NOT NULL THEN 'GRANT ' || privilege || ' ON SEQUENCE ' || name || ' TO ' END
                FROM (SELECT n.*, to_regclass(name) AS oid FROM (VALUES %4$s) AS n (name, privilege)) s
                WHERE oid IS NULL OR NOT has_sequence_privilege(oid, privilege || ', UPDATE')
                UNION ALL
                SELECT name, CASE WHEN oid IS NULL THEN 'function ' || name ELSE 'EXECUTE on function ' || name END,
                    CASE WHEN oid IS NOT NULL THEN 'GRANT EXECUTE ON FUNCTION ' || name || ' TO ' END
                FROM (SELECT name, to_regproc(name) AS oid FROM unnest(ARRAY[%5$s]) AS n (name)) f
                WHERE oid IS NULL OR NOT has_function_privilege(oid, 'EXECUTE')
            )""",
            values(),
            STREAM_LOCK_HISTORY.getName(),
            quoted(List.of(STREAM_LOCK_WAITERS.getName(), STREAM_LOCK_MEMBERS.getName())),
            SEQUENCES,
            quoted(FUNCTIONS));

    /** Matches everything that is not a right. */
    private static final Pattern GONE = Pattern.compile("(table|column|sequence|function) .*");

    private Needs() {}

    private static String values() {
        List<String> rows = new ArrayList<>();
        for (Field<?> column : STREAM_LOCKS.fields()) {
            rows.add(row(STREAM_LOCKS, column, "SELECT"));
            // A right may be granted for a single column.
            if (AcquireChange.INSERTED.contains(column.getName())) {
                rows.add(row(STREAM_LOCKS, column, "INSERT"));
            }
            if (!column.equals(STREAM_LOCKS.STREAM_ID)) {
                rows.add(row(STREAM_LOCKS, column, "UPDATE"));
            }
        }
        for (Field<?> column : STREAM_LOCK_HISTORY.fields()) {
            rows.add(row(STREAM_LOCK_HISTORY, column, "INSERT"));
        }
        for (Field<?> column : STREAM_LOCK_WAITERS.fields()) {
            rows.add(row(STREAM_LOCK_WAITERS, column, "SELECT"));
            rows.add(row(STREAM_LOCK_WAITERS, column, "INSERT"));
        }
        // A later call for a place changes everything that it names.
        for (Field<?> column : List.of(
                STREAM_LOCK_WAITERS.OWNER_ID,
                STREAM_LOCK_WAITERS.TTL_MS,
                STREAM_LOCK_WAITERS.LABELS,
                STREAM_LOCK_WAITERS.SERVER_ID,
                STREAM_LOCK_WAITERS.CALL_ID,
                STREAM_LOCK_WAITERS.CALLING_UNTIL)) {
            rows.add(row(STREAM_LOCK_WAITERS, column, "UPDATE"));
        }
        for (Field<?> column : STREAM_LOCK_MEMBERS.fields()) {
            rows.add(row(STREAM_LOCK_MEMBERS, column, "SELECT"));
            rows.add(row(STREAM_LOCK_MEMBERS, column, "INSERT"));
        }
        for (Field<?> column : List.of(
                STREAM_LOCK_MEMBERS.HELD,
                STREAM_LOCK_MEMBERS.WANTED,
                STREAM_LOCK_MEMBERS.CAPACITY,
                STREAM_LOCK_MEMBERS.EXPIRES_AT)) {
            rows.add(row(STREAM_LOCK_MEMBERS, column, "UPDATE"));
        }
        for (Field<?> column : STREAM_LOCK_EPOCH.fields()) {
            rows.add(row(STREAM_LOCK_EPOCH, column, "SELECT"));
            rows.add(row(STREAM_LOCK_EPOCH, column, "INSERT"));
            if (!Set.of(STREAM_LOCK_EPOCH.IS_PRESENT, STREAM_LOCK_EPOCH.TOKENS_SINCE)
                    .contains(column)) {
                rows.add(row(STREAM_LOCK_EPOCH, column, "UPDATE"));
            }
        }
        return String.join(", ", rows);
    }

    /** Returns the names as the elements of an array in SQL. */
    static String quoted(List<String> names) {
        return names.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", "));
    }

    private static String row(Table<?> table, Field<?> column, String privilege) {
        return String.format(Locale.ROOT, "('%s', '%s', '%s')", table.getName(), column.getName(), privilege);
    }

    /**
     * Returns the error message that names what is missing and how to fix it.
     *
     * @param missing what is missing, separated by commas
     * @param grants the statements that grant the missing rights, up to the role; null if there are none
     */
    static String message(String missing, String grants) {
        boolean isGone = Arrays.stream(missing.split(", "))
                .anyMatch(one -> GONE.matcher(one).matches());
        return "The database lacks what leases need: " + missing
                + (isGone
                        ? ". It was dropped, or is not in the search_path of the role of DATABASE_URL, which needs USAGE on"
                                + " its schema."
                        : "")
                + (grants == null ? "" : (isGone ? " As the owner: " : ". As the owner: ") + grants);
    }
}
