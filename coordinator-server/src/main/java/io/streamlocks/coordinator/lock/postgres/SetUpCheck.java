package io.streamlocks.coordinator.lock.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/**
 * Checks whether the version of a database is supported, and whether its configuration can lose changes that were
 * confirmed, or prevents writes.
 *
 * <p>This class is thread-safe. A check blocks for a connection and one short query. A standby that the role may not
 * see, because it lacks {@code pg_read_all_stats}, is assumed to be synchronous.
 */
public final class SetUpCheck {

    private static final int OLDEST_VERSION = 13;

    /** Matches a {@code synchronous_standby_names} that states the number of standbys. */
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
            SELECT current_setting('server_version_num')::integer / 10000 AS version,
                pg_is_in_recovery() AS is_standby,
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
                    to_regclass('stream_lock_waiters')::oid,
                    to_regclass('stream_lock_members')::oid,
                    to_regclass('stream_lock_epoch')::oid,
                    to_regclass('stream_lock_ticket')::oid,
                    to_regclass('stream_lock_fencing_token')::oid)) AS unlogged,
                quote_ident(current_user) AS role,
                concat_ws(' ', inet_server_addr(), inet_server_port(), pg_postmaster_start_time()) AS server
            """;

    private final Statements statements;

    /**
     * Creates the check.
     *
     * @param dataSource provides connections with the same settings as the connections that grant leases
     */
    public SetUpCheck(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * The result of a check.
     *
     * @param server identifies the database server, and changes when it restarts
     * @param findings the faults: what can be lost, and which setting fixes it
     */
    public record Report(String server, List<String> findings) {}

    /**
     * Checks the configuration.
     *
     * @return the result
     * @throws io.streamlocks.coordinator.lock.StorageUnavailableException if the database does not respond
     */
    public Report look() {
        return statements.query("check its configuration", LOOK, rows -> {
            rows.next();
            return new Report(rows.getString("server"), findings(rows));
        });
    }

    private static List<String> findings(ResultSet row) throws SQLException {
        List<String> findings = new ArrayList<>();
        if (row.getInt("version") < OLDEST_VERSION) {
            findings.add("it is PostgreSQL " + row.getInt("version") + ", on which this server was never tested. Use"
                    + " PostgreSQL " + OLDEST_VERSION + " or later");
        }
        if (row.getBoolean("is_standby")) {
            findings.add("it is a standby, which accepts no writes. Promote it, or name the primary in DATABASE_URL");
        } else if (row.getBoolean("is_read_only")) {
            findings.add(
                    "default_transaction_read_only is on, so no lease can be granted. Set it to off, also for this role"
                            + " and this database");
        }
        if (!row.getBoolean("fsync")) {
            findings.add(
                    "fsync is off: a crash of its machine can lose any grant or corrupt the database. Set fsync = on");
        }
        if (!row.getBoolean("full_page_writes")) {
            findings.add(
                    "full_page_writes is off: a crash of its machine can corrupt a page that is being written and lose"
                            + " the leases on it. Set full_page_writes = on");
        }
        String unlogged = row.getString("unlogged");
        if (unlogged != null) {
            findings.add("unlogged: " + unlogged
                    + ". A crash empties it, and no standby has a copy. Run ALTER ... SET LOGGED for it");
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
        String fix = ". Run ALTER ROLE " + row.getString("role") + " SET synchronous_commit = on";
        if (commit.equals("off")) {
            findings.add("synchronous_commit is off: a crash of PostgreSQL loses the latest grants, although they"
                    + " were confirmed" + fix);
        }
        if (names.isEmpty()) {
            if (standbys > 0) {
                findings.add(
                        "standbys are attached (" + standbys + ") and none is synchronous: a fail-over loses the latest"
                                + " grants. Set synchronous_standby_names");
            }
            return;
        }
        if (commit.equals("local")) {
            findings.add(
                    "synchronous_commit is local: a grant is confirmed before a standby has it, so a fail-over loses"
                            + " the latest grants" + fix);
        }
        if (commit.equals("remote_write")) {
            findings.add(
                    "synchronous_commit is remote_write: a grant is confirmed before it is on the standby's disk, so a"
                            + " crash of both machines loses the latest grants" + fix);
        }
        boolean waits = !commit.equals("off") && !commit.equals("local");
        int needed = needed(names);
        // A standby that is hidden may be synchronous.
        if (waits && synchronous + row.getInt("hidden_standbys") < needed) {
            findings.add(
                    "synchronous_standby_names is \"" + names + "\", and of the standbys that are attached (" + standbys
                            + ") too few are synchronous (" + synchronous + " of " + needed
                            + "): every write waits, and its call returns"
                            + " 503. Attach a standby of that name, or see docs/operations.md, No synchronous replica is left");
        }
    }

    private static int needed(String names) {
        Matcher matcher = STANDBYS_NEEDED.matcher(names);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 1;
    }
}
