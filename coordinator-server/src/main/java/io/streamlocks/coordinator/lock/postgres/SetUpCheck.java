package io.streamlocks.coordinator.lock.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/**
 * Looks whether a database is set up to lose what was answered, or to answer no writes at all.
 *
 * <p>Thread-safe. A look blocks for a connection and one short query. What a role without {@code pg_read_all_stats} may not
 * see of the standbys is taken to be well.
 */
public final class SetUpCheck {

    /** How many standbys {@code synchronous_standby_names} asks for, if it says so. */
    private static final Pattern STANDBYS_NEEDED =
            Pattern.compile("\\s*(?:(?:FIRST|ANY)\\s+)?(\\d+)\\s*\\(.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final String LOOK = """
            WITH standby AS (
                SELECT r.state IS NULL AS is_hidden, r.sync_state IN ('sync', 'quorum') AS is_synchronous
                FROM pg_stat_replication r
                WHERE r.state IS DISTINCT FROM 'backup' AND r.application_name IS DISTINCT FROM 'pg_basebackup'
                    AND NOT EXISTS (
                        SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
            )
            SELECT pg_is_in_recovery() AS is_standby,
                current_setting('transaction_read_only')::boolean AS is_read_only,
                current_setting('fsync')::boolean AS fsync,
                current_setting('full_page_writes')::boolean AS full_page_writes,
                current_setting('synchronous_commit') AS synchronous_commit,
                trim(current_setting('synchronous_standby_names')) AS synchronous_standby_names,
                (SELECT count(*) FROM standby) AS standbys,
                (SELECT count(*) FROM standby WHERE is_hidden) AS hidden_standbys,
                (SELECT count(*) FROM standby WHERE is_synchronous) AS synchronous_standbys,
                (SELECT string_agg(relname, ', ' ORDER BY relname)
                FROM pg_class
                WHERE relpersistence = 'u' AND oid IN (
                    to_regclass('stream_locks')::oid,
                    to_regclass('stream_lock_history')::oid,
                    to_regclass('stream_lock_fencing_token')::oid)) AS unlogged,
                quote_ident(current_user) AS role,
                concat_ws(' ', inet_server_addr(), inet_server_port(), pg_postmaster_start_time()) AS server
            """;

    private final Statements statements;

    /**
     * @param dataSource gives connections with the settings of those that leases are granted on
     */
    public SetUpCheck(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * What a look has seen.
     *
     * @param server tells one server from another, and from itself after a restart
     * @param findings what is wrong: a sentence or two each, with what can be lost and which setting mends it
     */
    public record Report(String server, List<String> findings) {}

    /**
     * Looks.
     *
     * @return what it saw
     * @throws io.streamlocks.coordinator.lock.StorageUnavailableException if the database does not answer
     */
    public Report look() {
        return statements.query("look at its set-up", LOOK, rows -> {
            rows.next();
            return new Report(rows.getString("server"), findings(rows));
        });
    }

    private static List<String> findings(ResultSet row) throws SQLException {
        List<String> findings = new ArrayList<>();
        if (row.getBoolean("is_standby")) {
            findings.add("it is a standby, which takes no writes. Promote it, or name the primary in DATABASE_URL");
        } else if (row.getBoolean("is_read_only")) {
            findings.add(
                    "default_transaction_read_only is on, so no lease can be granted. Set it to off, for this role and"
                            + " database as well");
        }
        if (!row.getBoolean("fsync")) {
            findings.add(
                    "fsync is off: a crash of its machine can lose any grant, or break the database. Set fsync = on");
        }
        if (!row.getBoolean("full_page_writes")) {
            findings.add(
                    "full_page_writes is off: a crash of its machine can break a page that is being written, and lose"
                            + " the leases on it. Set full_page_writes = on");
        }
        String unlogged = row.getString("unlogged");
        if (unlogged != null) {
            findings.add("unlogged: " + unlogged + ". A crash empties it, and no standby has it. ALTER it, SET LOGGED");
        }
        if (!row.getBoolean("is_standby")) {
            addReplication(findings, row);
        }
        return findings;
    }

    private static void addReplication(List<String> findings, ResultSet row) throws SQLException {
        String commit = row.getString("synchronous_commit");
        String names = row.getString("synchronous_standby_names");
        int standbys = row.getInt("standbys");
        int synchronous = row.getInt("synchronous_standbys");
        String mend = ". ALTER ROLE " + row.getString("role") + " SET synchronous_commit = on";
        if (commit.equals("off")) {
            findings.add("synchronous_commit is off: a crash of PostgreSQL loses the latest grants, though they were"
                    + " answered, and their fencing tokens come again" + mend);
        }
        if (names.isEmpty()) {
            if (standbys > 0) {
                findings.add(
                        "standbys are attached (" + standbys + ") and none is synchronous: a fail-over loses the latest"
                                + " grants, and their fencing tokens can come again. Set synchronous_standby_names");
            }
            return;
        }
        if (commit.equals("local")) {
            findings.add(
                    "synchronous_commit is local: a grant is answered before a standby has it, so a fail-over loses"
                            + " the latest, and their fencing tokens can come again" + mend);
        }
        if (commit.equals("remote_write")) {
            findings.add(
                    "synchronous_commit is remote_write: a grant is answered before it is on the standby's disk, so if"
                            + " both machines crash the latest are lost" + mend);
        }
        boolean waits = !commit.equals("off") && !commit.equals("local");
        int needed = needed(names);
        // Of a standby that is hidden it is not known whether it is synchronous.
        if (waits && synchronous + row.getInt("hidden_standbys") < needed) {
            findings.add(
                    "synchronous_standby_names is \"" + names + "\", and of the standbys that are attached (" + standbys
                            + ") too few are synchronous (" + synchronous + " of " + needed
                            + "): every write waits, and is answered"
                            + " 503. Attach a standby of that name, or see docs/operations.md, No synchronous replica is left");
        }
    }

    private static int needed(String names) {
        Matcher matcher = STANDBYS_NEEDED.matcher(names);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 1;
    }
}
