package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Record2;
import org.jooq.impl.DSL;

/**
 * Leases in PostgreSQL, for any number of servers on one database, with PostgreSQL's clock as the only one.
 *
 * <p>Thread-safe. Each statement is short and a transaction of its own, so the data source must give connections to the
 * primary, in auto-commit mode and READ COMMITTED, with the {@link #SESSION_SETTINGS}, and with {@code
 * statement_timeout} and {@code lock_timeout} set: they bound how long a call blocks. A call is one statement if all of
 * it succeeds. One that looks follows where something was refused, and for an acquire that finds its own lease another one.
 * One more is needed after a deadlock with a foreign transaction. No call waits for a row that another transaction has
 * locked: its outcome is blocked. But an acquire waits for another transaction that inserts the first row of the same stream.
 */
public final class PostgresLockManager implements LockManager {

    /** SQL for each connection of the data source: the statements are made for these settings of the planner. */
    public static final String SESSION_SETTINGS = LockSql.SESSION_SETTINGS;

    /** SQL for each connection, beside the other settings, if no history is to be written. */
    public static final String WITHOUT_HISTORY = LockSql.WITHOUT_HISTORY;

    private static final int PURGE_CHUNK = 1000;
    private static final int BREAK_CHUNK = 10_000;

    /** How long a walk over an owner's leases waits for those that are locked, and between two tries. */
    private static final long BLOCKED_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long BLOCKED_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** Above every stream id that begins with a prefix: no id holds this character, which Unicode reserves. */
    static final String PAST_PREFIX = Character.toString(Character.MAX_CODE_POINT);

    private static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", OffsetDateTime.class);
    private static final Field<OffsetDateTime> ANSWERED_AT = DSL.field(DSL.name("answered_at"), OffsetDateTime.class);

    private final Statements statements;
    private final PostgresHistory history;
    private final Runnable onReadOnly;

    /**
     * @param dataSource a pool; stays the caller's to close
     */
    public PostgresLockManager(DataSource dataSource) {
        this(dataSource, () -> {});
    }

    /**
     * @param dataSource a pool; stays the caller's to close
     * @param onReadOnly told each time a connection takes no writes: since its server has changed its role, those that are as
     *     old or older take none either. On the thread of the call, so it must not block
     */
    public PostgresLockManager(DataSource dataSource, Runnable onReadOnly) {
        this.onReadOnly = onReadOnly;
        this.statements = new Statements(dataSource, onReadOnly);
        this.history = new PostgresHistory(statements);
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return new Passes<AcquireRequest, AcquireOutcome>(
                        statements,
                        "acquire",
                        AcquireRequest::streamId,
                        AcquireRequest::leaseId,
                        true,
                        this::grant,
                        Optional.of(Judgements::glanceAtAcquire),
                        Judgements::ofAcquire,
                        new AcquireOutcome.Blocked(),
                        new AcquireOutcome.Undecided())
                .decide(requests);
    }

    private Map<String, AcquireOutcome> grant(List<AcquireRequest> requests) {
        return statements.query(
                "acquire",
                LockSql.ACQUIRE,
                PostgresLockManager::collectGranted,
                column(requests, AcquireRequest::streamId, String[]::new),
                column(requests, AcquireRequest::ownerId, String[]::new),
                column(requests, AcquireRequest::leaseId, UUID[]::new),
                column(requests, request -> request.ttl().toMillis(), Long[]::new),
                column(requests, request -> Rows.arrayText(request.labels()), String[]::new));
    }

    private static Map<String, AcquireOutcome> collectGranted(ResultSet rows) throws SQLException {
        Map<String, AcquireOutcome> granted = new HashMap<>();
        while (rows.next()) {
            Lease lease = Rows.lease(rows);
            granted.put(lease.lock().streamId(), new AcquireOutcome.Granted(lease));
        }
        return granted;
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return new Passes<RenewRequest, RenewOutcome>(
                        statements,
                        "renew",
                        RenewRequest::streamId,
                        RenewRequest::leaseId,
                        true,
                        this::prolong,
                        Optional.empty(),
                        Judgements::ofRenew,
                        new RenewOutcome.Blocked(),
                        new RenewOutcome.Undecided())
                .decide(requests);
    }

    private Map<String, RenewOutcome> prolong(List<RenewRequest> requests) {
        return statements.query(
                "renew",
                LockSql.RENEW,
                PostgresLockManager::collectRenewed,
                column(requests, RenewRequest::streamId, String[]::new),
                column(requests, RenewRequest::leaseId, UUID[]::new),
                column(
                        requests,
                        request -> request.ttl().map(Duration::toMillis).orElse(null),
                        Long[]::new),
                column(requests, RenewRequest::ownerPrefix, String[]::new));
    }

    private static Map<String, RenewOutcome> collectRenewed(ResultSet rows) throws SQLException {
        Map<String, RenewOutcome> renewed = new HashMap<>();
        while (rows.next()) {
            Lease lease = Rows.lease(rows);
            renewed.put(lease.lock().streamId(), new RenewOutcome.Renewed(lease));
        }
        return renewed;
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return new Passes<ReleaseRequest, ReleaseOutcome>(
                        statements,
                        "release",
                        ReleaseRequest::streamId,
                        ReleaseRequest::leaseId,
                        true,
                        this::end,
                        Optional.empty(),
                        Judgements::ofRelease,
                        new ReleaseOutcome.Blocked(),
                        new ReleaseOutcome.Undecided())
                .decide(requests);
    }

    private Map<String, ReleaseOutcome> end(List<ReleaseRequest> requests) {
        return statements.query(
                "release",
                LockSql.RELEASE,
                PostgresLockManager::collectReleased,
                column(requests, ReleaseRequest::streamId, String[]::new),
                column(requests, ReleaseRequest::leaseId, UUID[]::new),
                column(requests, ReleaseRequest::ownerPrefix, String[]::new));
    }

    private static Map<String, ReleaseOutcome> collectReleased(ResultSet rows) throws SQLException {
        Map<String, ReleaseOutcome> released = new HashMap<>();
        while (rows.next()) {
            released.put(rows.getString("stream_id"), new ReleaseOutcome.Released());
        }
        return released;
    }

    @Override
    public List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        return new Passes<BreakRequest, BreakOutcome>(
                        statements,
                        "break",
                        BreakRequest::streamId,
                        request -> null,
                        // A second one finds no lease to end.
                        false,
                        this::breakLive,
                        Optional.empty(),
                        Judgements::ofBreak,
                        new BreakOutcome.Blocked(),
                        new BreakOutcome.Undecided())
                .decide(requests);
    }

    private Map<String, BreakOutcome> breakLive(List<BreakRequest> requests) {
        return statements.query(
                "break",
                LockSql.BREAK,
                PostgresLockManager::collectBroken,
                column(requests, BreakRequest::streamId, String[]::new),
                column(requests, request -> request.expectedFencingToken().orElse(null), Long[]::new),
                column(requests, BreakRequest::ownerPrefix, String[]::new),
                column(requests, request -> request.breaking().by(), String[]::new),
                column(requests, request -> request.breaking().reason(), String[]::new),
                column(requests, request -> request.breaking().delay().toMillis(), Long[]::new));
    }

    private static Map<String, BreakOutcome> collectBroken(ResultSet rows) throws SQLException {
        Map<String, BreakOutcome> broken = new HashMap<>();
        while (rows.next()) {
            Grant.End end = new Grant.End(
                    rows.getObject("ended_at", OffsetDateTime.class).toInstant(),
                    EndReason.BROKEN,
                    Optional.of(rows.getString("broken_by")),
                    Optional.of(rows.getString("break_reason")));
            Grant grant = new Grant(
                    rows.getString("stream_id"),
                    rows.getString("owner_id"),
                    rows.getLong("fencing_token"),
                    Rows.labels(rows),
                    rows.getObject("acquired_at", OffsetDateTime.class).toInstant(),
                    Optional.of(end));
            broken.put(grant.streamId(), new BreakOutcome.Broken(grant));
        }
        return broken;
    }

    @Override
    public int breakOwner(String ownerId, Breaking breaking) {
        int broken = 0;
        boolean blocked = false;
        long began = System.nanoTime();
        String after = "";
        while (after != null) {
            Chunk chunk = breakChunk(after, ownerId, breaking);
            broken += chunk.broken();
            if (chunk.blocked() > 0 && System.nanoTime() - began < BLOCKED_NANOS) {
                // As a rule a call that is about to commit has locked them.
                LockSupport.parkNanos(BLOCKED_RETRY_NANOS);
            } else {
                blocked |= chunk.blocked() > 0;
                after = chunk.seen() < BREAK_CHUNK ? null : chunk.last();
            }
        }
        if (blocked) {
            throw new BlockedException(
                    "Other transactions have some of the owner's streams locked in the database. " + broken
                            + " leases were ended; try again for the others.",
                    broken);
        }
        // A lease that was found to be over may not be over on a standby yet.
        statements.query("break", LockSql.CONFIRM, rows -> null);
        return broken;
    }

    private Chunk breakChunk(String after, String ownerId, Breaking breaking) {
        return statements.query(
                "break",
                LockSql.BREAK_OWNER_CHUNK,
                PostgresLockManager::brokenChunk,
                after,
                BREAK_CHUNK,
                ownerId,
                breaking.by(),
                breaking.reason(),
                breaking.delay().toMillis());
    }

    private record Chunk(String last, int seen, int blocked, int broken) {}

    private static Chunk brokenChunk(ResultSet rows) throws SQLException {
        rows.next();
        return new Chunk(rows.getString("last"), rows.getInt("seen"), rows.getInt("blocked"), rows.getInt("broken"));
    }

    @Override
    public Optional<Lock> find(String streamId) {
        Optional<Lock> live = statements.run("find", db -> db.select(STREAM_LOCKS.asterisk(), CLOCK.as(ANSWERED_AT))
                .from(STREAM_LOCKS)
                .where(STREAM_LOCKS.STREAM_ID.eq(streamId), STREAM_LOCKS.EXPIRES_AT.gt(CLOCK))
                .fetchOptional(PostgresLockManager::lock));
        return live.isPresent() ? live : findLocked(streamId);
    }

    /** As committed the stream is free, which does not say that it is: its renewal may be about to commit. */
    private Optional<Lock> findLocked(String streamId) {
        List<Optional<Lock>> certain = new ArrayList<>();
        statements.look(
                "find",
                LockSql.LOOK,
                List.of(streamId),
                new UUID[1],
                (index, row) ->
                        certain.add(row.getBoolean("is_live") ? Optional.of(Rows.lock(row)) : Optional.empty()));
        if (certain.isEmpty()) {
            throw new BlockedException("Another transaction has this stream locked in the database. Try again.", 0);
        }
        return certain.get(0);
    }

    @Override
    public LockPage list(LockQuery query) {
        Condition condition = STREAM_LOCKS.STREAM_ID.gt(query.after()).and(STREAM_LOCKS.EXPIRES_AT.gt(CLOCK));
        if (!query.prefix().isEmpty()) {
            condition = condition
                    .and(STREAM_LOCKS.STREAM_ID.ge(query.prefix()))
                    .and(STREAM_LOCKS.STREAM_ID.lt(query.prefix() + PAST_PREFIX));
        }
        if (query.ownerId().isPresent()) {
            condition = condition.and(STREAM_LOCKS.OWNER_ID.eq(query.ownerId().get()));
        }
        Condition which = condition;
        List<Lock> locks = statements.run("list", db -> db.select(STREAM_LOCKS.asterisk(), CLOCK.as(ANSWERED_AT))
                .from(STREAM_LOCKS)
                .where(which)
                .orderBy(STREAM_LOCKS.STREAM_ID)
                .limit(query.pageSize() + 1)
                .fetch(PostgresLockManager::lock));
        return LockPage.of(locks, query.pageSize());
    }

    @Override
    public GrantPage history(StreamHistoryQuery query) {
        return history.of(query);
    }

    @Override
    public GrantPage history(HistoryQuery query) {
        return history.of(query);
    }

    @Override
    public Map<String, Long> liveLeases() {
        return statements.run(
                "count",
                db -> db.transactionResult(transaction -> {
                    // Every row has to be seen, so the way along the primary key, which the other statements need, is
                    // the longest.
                    transaction.dsl().execute("SET LOCAL enable_seqscan = on");
                    return transaction
                            .dsl()
                            .select(STREAM_LOCKS.OWNER_ID, DSL.count().cast(Long.class))
                            .from(STREAM_LOCKS)
                            .where(STREAM_LOCKS.EXPIRES_AT.gt(CLOCK))
                            .groupBy(STREAM_LOCKS.OWNER_ID)
                            .fetchMap(Record2::value1, Record2::value2);
                }));
    }

    @Override
    public int purge(Duration idleFor) {
        int purged = 0;
        String after = "";
        while (after != null) {
            String from = after;
            Record chunk = statements.run(
                    "purge", db -> db.fetchSingle(LockSql.PURGE_CHUNK, from, PURGE_CHUNK, idleFor.toMillis()));
            purged += chunk.get("purged", Integer.class);
            after = chunk.get("seen", Integer.class) < PURGE_CHUNK ? null : chunk.get("last", String.class);
        }
        return purged;
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        return history.purge(endedFor);
    }

    @Override
    public void verifyWritable() {
        statements.query("check", LockSql.CHECK, rows -> {
            rows.next();
            if (rows.getBoolean("is_read_only")) {
                onReadOnly.run();
                throw new StorageUnavailableException(
                        "The database takes no writes: it is a standby or read-only", null);
            }
            String missing = rows.getString("missing");
            if (missing != null) {
                throw StorageUnavailableException.lacking(Needs.told(missing, rows.getString("mend")));
            }
            if (rows.getInt("waiting") > 0) {
                throw new StorageUnavailableException(
                        "The database answers no writes: they wait for a synchronous standby", null);
            }
            return null;
        });
    }

    private static Lock lock(Record row) {
        return Rows.lock(
                row.get(STREAM_LOCKS.STREAM_ID),
                row.get(STREAM_LOCKS.OWNER_ID),
                row.get(STREAM_LOCKS.FENCING_TOKEN),
                row.get(STREAM_LOCKS.TTL_MS),
                row.get(STREAM_LOCKS.ACQUIRED_AT),
                row.get(STREAM_LOCKS.EXPIRES_AT),
                Rows.labels(row.get(STREAM_LOCKS.LABELS)),
                row.get(ANSWERED_AT));
    }
}
