package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Record2;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * Leases in PostgreSQL, for any number of servers on one database, with PostgreSQL's clock as the only one.
 *
 * <p>Thread-safe. Each statement is short and a transaction of its own, so the data source must give connections to the
 * primary, in auto-commit mode and READ COMMITTED, with the {@link #SESSION_SETTINGS}, and with {@code
 * statement_timeout} and {@code lock_timeout} set: they bound how long a call blocks. A call is one statement if all of
 * it succeeds. One that only reads follows where something was refused. More are needed only if a batch names a stream
 * more than once, if a stream became free between the two, or once after a deadlock with a foreign transaction.
 */
public final class PostgresLockManager implements LockManager {

    /** SQL for each connection of the data source: the statements are made for these settings of the planner. */
    public static final String SESSION_SETTINGS = LockSql.SESSION_SETTINGS;

    private static final int PURGE_CHUNK = 1000;

    /** After it no further pass begins: a batch that names one stream a thousand times must not take for ever. */
    private static final long PASSES_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long MIN_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MAX_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

    /** Above every stream id that begins with a prefix: no id holds this character, which Unicode reserves. */
    private static final String PAST_PREFIX = Character.toString(Character.MAX_CODE_POINT);

    private static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", OffsetDateTime.class);
    private static final Field<OffsetDateTime> ANSWERED_AT = DSL.field(DSL.name("answered_at"), OffsetDateTime.class);

    private final DSLContext db;

    /**
     * @param dataSource a pool; stays the caller's to close
     */
    public PostgresLockManager(DataSource dataSource) {
        this.db = DSL.using(dataSource, SQLDialect.POSTGRES);
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return decide(
                "acquire",
                requests,
                AcquireRequest::streamId,
                AcquireRequest::leaseId,
                this::grant,
                PostgresLockManager::judgeAcquire);
    }

    private Map<String, AcquireOutcome> grant(List<AcquireRequest> requests) {
        return query(
                "acquire",
                LockSql.ACQUIRE,
                PostgresLockManager::collectGranted,
                column(requests, AcquireRequest::streamId, String[]::new),
                column(requests, AcquireRequest::ownerId, String[]::new),
                column(requests, AcquireRequest::leaseId, UUID[]::new),
                column(requests, request -> request.ttl().toMillis(), Long[]::new));
    }

    private static Map<String, AcquireOutcome> collectGranted(ResultSet rows) throws SQLException {
        Map<String, AcquireOutcome> granted = new HashMap<>();
        while (rows.next()) {
            Lease lease = lease(rows);
            granted.put(lease.lock().streamId(), new AcquireOutcome.Granted(lease));
        }
        return granted;
    }

    /** Empty for a stream that is free, though it was not granted: it was not when the grant was tried. */
    private static Optional<AcquireOutcome> judgeAcquire(ResultSet row) throws SQLException {
        boolean live = row.getBoolean("is_live");
        boolean latest = row.getBoolean("is_latest");
        if (live && latest) {
            return Optional.of(new AcquireOutcome.Granted(lease(row)));
        }
        if (latest || row.getBoolean("is_superseded")) {
            return Optional.of(new AcquireOutcome.LeaseIdUsed());
        }
        return live ? Optional.of(new AcquireOutcome.Held(lock(row))) : Optional.empty();
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return decide(
                "renew", requests, RenewRequest::streamId, RenewRequest::leaseId, this::prolong, row -> judgeLoss(row)
                        .map(RenewOutcome.Lost::new));
    }

    private Map<String, RenewOutcome> prolong(List<RenewRequest> requests) {
        return query(
                "renew",
                LockSql.RENEW,
                PostgresLockManager::collectRenewed,
                column(requests, RenewRequest::streamId, String[]::new),
                column(requests, RenewRequest::leaseId, UUID[]::new),
                column(
                        requests,
                        request -> request.ttl().map(Duration::toMillis).orElse(null),
                        Long[]::new));
    }

    private static Map<String, RenewOutcome> collectRenewed(ResultSet rows) throws SQLException {
        Map<String, RenewOutcome> renewed = new HashMap<>();
        while (rows.next()) {
            Lease lease = lease(rows);
            renewed.put(lease.lock().streamId(), new RenewOutcome.Renewed(lease));
        }
        return renewed;
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return decide(
                "release", requests, ReleaseRequest::streamId, ReleaseRequest::leaseId, this::end, row -> judgeLoss(row)
                        .map(reason -> reason == LossReason.RELEASED
                                ? new ReleaseOutcome.Released()
                                : new ReleaseOutcome.Lost(reason)));
    }

    private Map<String, ReleaseOutcome> end(List<ReleaseRequest> requests) {
        return query(
                "release",
                LockSql.RELEASE,
                PostgresLockManager::collectReleased,
                column(requests, ReleaseRequest::streamId, String[]::new),
                column(requests, ReleaseRequest::leaseId, UUID[]::new));
    }

    private static Map<String, ReleaseOutcome> collectReleased(ResultSet rows) throws SQLException {
        Map<String, ReleaseOutcome> released = new HashMap<>();
        while (rows.next()) {
            released.put(rows.getString("stream_id"), new ReleaseOutcome.Released());
        }
        return released;
    }

    /** Empty for a lease that is live, though it was not changed: an earlier request of the batch was for its stream. */
    private static Optional<LossReason> judgeLoss(ResultSet row) throws SQLException {
        if (row.getBoolean("is_latest")) {
            if (row.getString("owner_id") == null) {
                return Optional.of(LossReason.RELEASED);
            }
            return row.getBoolean("is_live") ? Optional.empty() : Optional.of(LossReason.EXPIRED);
        }
        return Optional.of(row.getBoolean("is_superseded") ? LossReason.SUPERSEDED : LossReason.UNKNOWN);
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return run("find", () -> db.select(STREAM_LOCKS.asterisk(), CLOCK.as(ANSWERED_AT))
                .from(STREAM_LOCKS)
                .where(STREAM_LOCKS.STREAM_ID.eq(streamId), STREAM_LOCKS.EXPIRES_AT.gt(CLOCK))
                .fetchOptional(PostgresLockManager::lock));
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
        List<Lock> locks = run("list", () -> db.select(STREAM_LOCKS.asterisk(), CLOCK.as(ANSWERED_AT))
                .from(STREAM_LOCKS)
                .where(which)
                .orderBy(STREAM_LOCKS.STREAM_ID)
                .limit(query.pageSize() + 1)
                .fetch(PostgresLockManager::lock));
        return LockPage.of(locks, query.pageSize());
    }

    @Override
    public Map<String, Long> liveLeases() {
        return run(
                "count",
                () -> db.transactionResult(transaction -> {
                    // Every row has to be seen, so the way along the primary key, which the other statements need, is
                    // the longest.
                    transaction.dsl().execute("SET LOCAL enable_seqscan = on");
                    return transaction
                            .dsl()
                            .select(STREAM_LOCKS.OWNER_ID, DSL.count())
                            .from(STREAM_LOCKS)
                            .where(STREAM_LOCKS.EXPIRES_AT.gt(CLOCK))
                            .groupBy(STREAM_LOCKS.OWNER_ID)
                            .fetchMap(Record2::value1, row -> row.value2().longValue());
                }));
    }

    @Override
    public int purge(Duration idleFor) {
        int purged = 0;
        String after = "";
        while (after != null) {
            String from = after;
            Record chunk =
                    run("purge", () -> db.fetchSingle(LockSql.PURGE_CHUNK, from, PURGE_CHUNK, idleFor.toMillis()));
            purged += chunk.get("purged", Integer.class);
            after = chunk.get("seen", Integer.class) < PURGE_CHUNK ? null : chunk.get("last", String.class);
        }
        return purged;
    }

    @Override
    public void verifyWritable() {
        String readOnly =
                run("check", () -> db.fetchSingle("SHOW transaction_read_only").get(0, String.class));
        if (!readOnly.equals("off")) {
            throw new StorageUnavailableException("The database takes no writes: it is a standby or read-only", null);
        }
    }

    private interface Reading<T> {
        T of(ResultSet rows) throws SQLException;
    }

    /**
     * Runs passes until each request has its outcome. A pass tries the change for the first undecided request of each
     * stream, since a statement can name a row once only, and looks then at how it stands with those that were not
     * changed; whoever could have been changed after all stays undecided. For an acquire that means that a stream became
     * free in between, for the others that a request before it named the same stream.
     */
    private <Q, O> List<O> decide(
            String what,
            List<Q> requests,
            Function<Q, String> streamId,
            Function<Q, UUID> leaseId,
            Function<List<Q>, Map<String, O>> change,
            Reading<Optional<? extends O>> judgement) {
        List<O> outcomes = new ArrayList<>(Collections.nCopies(requests.size(), null));
        List<Integer> undecided = IntStream.range(0, requests.size()).boxed().toList();
        long began = System.nanoTime();
        while (!undecided.isEmpty()) {
            if (System.nanoTime() - began > PASSES_NANOS) {
                throw new StorageUnavailableException("PostgreSQL took too long for requests of the same stream", null);
            }
            Map<String, Integer> firstOfStream = new LinkedHashMap<>();
            undecided.forEach(i -> firstOfStream.putIfAbsent(streamId.apply(requests.get(i)), i));
            change.apply(firstOfStream.values().stream().map(requests::get).toList())
                    .forEach((stream, outcome) -> outcomes.set(firstOfStream.get(stream), outcome));
            undecided = undecided.stream().filter(i -> outcomes.get(i) == null).toList();
            if (!undecided.isEmpty()) {
                look(what, undecided, requests, streamId, leaseId, outcomes, judgement);
                undecided =
                        undecided.stream().filter(i -> outcomes.get(i) == null).toList();
            }
        }
        return outcomes;
    }

    private <Q, O> void look(
            String what,
            List<Integer> positions,
            List<Q> requests,
            Function<Q, String> streamId,
            Function<Q, UUID> leaseId,
            List<O> outcomes,
            Reading<Optional<? extends O>> judgement) {
        List<Q> looked = positions.stream().map(requests::get).toList();
        query(
                what,
                LockSql.LOOK,
                rows -> {
                    for (int position : positions) {
                        rows.next();
                        outcomes.set(position, judgement.of(rows).orElse(null));
                    }
                    return null;
                },
                column(looked, streamId, String[]::new),
                column(looked, leaseId, UUID[]::new));
    }

    /** Runs a statement on arrays. By JDBC itself, which keeps it prepared for each connection, and not by the row. */
    private <T> T query(String what, String sql, Reading<T> reading, Object[]... columns) {
        return run(
                what,
                () -> db.connectionResult(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(sql)) {
                        for (int i = 0; i < columns.length; i++) {
                            statement.setArray(i + 1, connection.createArrayOf(typeOf(columns[i]), columns[i]));
                        }
                        try (ResultSet rows = statement.executeQuery()) {
                            return reading.of(rows);
                        }
                    }
                }));
    }

    private static String typeOf(Object[] column) {
        return column instanceof UUID[] ? "uuid" : column instanceof Long[] ? "int8" : "text";
    }

    /** Runs a statement, once more after a deadlock, and tells an outage of the storage from a fault of ours. */
    private static <T> T run(String what, Supplier<T> statement) {
        try {
            try {
                return statement.get();
            } catch (DataAccessException e) {
                if (!isDeadlock(e)) {
                    throw e;
                }
                // We lock in one order, but a person's transaction may not. PostgreSQL rolled ours back whole; at once
                // it would take the same row again, before the one that waits for it has woken up.
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(MIN_RETRY_NANOS, MAX_RETRY_NANOS));
                return statement.get();
            }
        } catch (DataAccessException e) {
            if (isOutage(e)) {
                throw new StorageUnavailableException("PostgreSQL failed to " + what, e);
            }
            throw e;
        }
    }

    private static boolean isDeadlock(DataAccessException e) {
        return e.sqlState().equals("40P01") || e.sqlState().equals("40001");
    }

    /**
     * Whether the error comes of the state of the database or the way to it, not of the statement. Codes are those of
     * the PostgreSQL manual, appendix A.
     */
    private static boolean isOutage(DataAccessException e) {
        SQLException cause = e.getCause(SQLException.class);
        if (cause instanceof SQLTransientException || cause instanceof SQLRecoverableException) {
            return true;
        }
        String state = e.sqlState();
        return switch (state.substring(0, 2)) {
            case "08", // connection exception
                    "28", // invalid authorization: a rotated password, or pg_hba.conf
                    "40", // deadlock or serialization failure, for the second time
                    "53", // insufficient resources: connections, disk, memory
                    "57", // operator intervention: statement_timeout, shutdown, starting up
                    "58" // system error: I/O
            -> true;
            default ->
                state.equals("55P03") // lock_timeout
                        || state.equals("25006"); // read-only: a standby
        };
    }

    private static Lease lease(ResultSet row) throws SQLException {
        return new Lease(row.getObject("lease_id", UUID.class), lock(row));
    }

    private static Lock lock(ResultSet row) throws SQLException {
        return lock(
                row.getString("stream_id"),
                row.getString("owner_id"),
                row.getLong("fencing_token"),
                row.getLong("ttl_ms"),
                row.getObject("acquired_at", OffsetDateTime.class),
                row.getObject("expires_at", OffsetDateTime.class),
                row.getObject("answered_at", OffsetDateTime.class));
    }

    private static Lock lock(Record row) {
        return lock(
                row.get(STREAM_LOCKS.STREAM_ID),
                row.get(STREAM_LOCKS.OWNER_ID),
                row.get(STREAM_LOCKS.FENCING_TOKEN),
                row.get(STREAM_LOCKS.TTL_MS),
                row.get(STREAM_LOCKS.ACQUIRED_AT),
                row.get(STREAM_LOCKS.EXPIRES_AT),
                row.get(ANSWERED_AT));
    }

    private static Lock lock(
            String streamId,
            String ownerId,
            long fencingToken,
            long ttlMs,
            OffsetDateTime acquiredAt,
            OffsetDateTime expiresAt,
            OffsetDateTime answeredAt) {
        Duration left = Duration.between(answeredAt, expiresAt);
        return new Lock(
                streamId,
                ownerId,
                fencingToken,
                Duration.ofMillis(ttlMs),
                acquiredAt.toInstant(),
                expiresAt.toInstant(),
                left.isNegative() ? Duration.ZERO : left);
    }

    private static <Q, T> T[] column(List<Q> requests, Function<Q, T> value, IntFunction<T[]> array) {
        return requests.stream().map(value).toArray(array);
    }
}
