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
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Result;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * Leases in PostgreSQL, for any number of servers on one database, with PostgreSQL's clock as the only one.
 *
 * <p>Thread-safe. Each call is one short statement in a transaction of its own, so the data source must give
 * connections to the primary, in auto-commit mode and READ COMMITTED, with {@code statement_timeout} and {@code
 * lock_timeout} set: they bound how long a call blocks. A call takes more statements only if its batch names a stream
 * more than once, if it lost a race for a stream that was free when it looked, or once after a deadlock with a foreign
 * transaction.
 */
public final class PostgresLockManager implements LockManager {

    private static final int PURGE_CHUNK = 1000;

    /** After it no further pass begins: a batch that names one stream a thousand times must not take for ever. */
    private static final long PASSES_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long MIN_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MAX_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

    /** Above every stream id that begins with a prefix: no id holds this character, which Unicode reserves. */
    private static final String PAST_PREFIX = Character.toString(Character.MAX_CODE_POINT);

    private static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", OffsetDateTime.class);
    private static final Field<OffsetDateTime> ANSWERED_AT = DSL.field(DSL.name("answered_at"), OffsetDateTime.class);
    private static final Field<Integer> POSITION = DSL.field(DSL.name("position"), Integer.class);
    private static final Field<String> VERDICT = DSL.field(DSL.name("verdict"), String.class);

    private final DSLContext db;

    /**
     * @param dataSource a pool; stays the caller's to close
     */
    public PostgresLockManager(DataSource dataSource) {
        this.db = DSL.using(dataSource, SQLDialect.POSTGRES);
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return inPasses(requests, AcquireRequest::streamId, this::acquireDistinct);
    }

    private List<Optional<AcquireOutcome>> acquireDistinct(List<AcquireRequest> requests) {
        Result<Record> rows = fetch(
                "acquire",
                LockSql.ACQUIRE,
                column(requests, AcquireRequest::streamId, String[]::new),
                column(requests, AcquireRequest::ownerId, String[]::new),
                column(requests, AcquireRequest::leaseId, UUID[]::new),
                column(requests, request -> request.ttl().toMillis(), Long[]::new));
        return inOrder(rows, row -> switch (row.get(VERDICT)) {
            case "granted" -> Optional.of(new AcquireOutcome.Granted(lease(row)));
            case "held" -> Optional.of(new AcquireOutcome.Held(lock(row)));
            case "used" -> Optional.of(new AcquireOutcome.LeaseIdUsed());
            case "raced" -> Optional.empty();
            default -> throw new IllegalStateException("Unknown verdict " + row.get(VERDICT));
        });
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return inPasses(requests, RenewRequest::streamId, this::renewDistinct);
    }

    private List<Optional<RenewOutcome>> renewDistinct(List<RenewRequest> requests) {
        Result<Record> rows = fetch(
                "renew",
                LockSql.RENEW,
                column(requests, RenewRequest::streamId, String[]::new),
                column(requests, RenewRequest::leaseId, UUID[]::new),
                column(
                        requests,
                        request -> request.ttl().map(Duration::toMillis).orElse(null),
                        Long[]::new));
        return inOrder(
                rows,
                row -> Optional.of(
                        row.get(VERDICT).equals("live")
                                ? new RenewOutcome.Renewed(lease(row))
                                : new RenewOutcome.Lost(lossReason(row))));
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return inPasses(requests, ReleaseRequest::streamId, this::releaseDistinct);
    }

    private List<Optional<ReleaseOutcome>> releaseDistinct(List<ReleaseRequest> requests) {
        Result<Record> rows = fetch(
                "release",
                LockSql.RELEASE,
                column(requests, ReleaseRequest::streamId, String[]::new),
                column(requests, ReleaseRequest::leaseId, UUID[]::new),
                new Long[requests.size()]);
        return inOrder(rows, row -> switch (row.get(VERDICT)) {
            case "live", "released" -> Optional.of(new ReleaseOutcome.Released());
            default -> Optional.of(new ReleaseOutcome.Lost(lossReason(row)));
        });
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
    public int purge(Duration idleFor) {
        int purged = 0;
        String after = "";
        while (after != null) {
            Record chunk = fetch("purge", LockSql.PURGE_CHUNK, after, PURGE_CHUNK, idleFor.toMillis())
                    .get(0);
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

    /**
     * Runs statements until each request has its outcome. A pass takes the first undecided request of each stream,
     * since a statement can name a row once only; those that lost a race stay undecided. Each further pass over a raced
     * stream means that somebody else was granted it meanwhile, and the next snapshot shows that grant, so passes end.
     */
    private static <Q, O> List<O> inPasses(
            List<Q> requests, Function<Q, String> streamId, Function<List<Q>, List<Optional<O>>> statement) {
        Map<Integer, Q> undecided = new LinkedHashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            undecided.put(i, requests.get(i));
        }
        List<O> outcomes = new ArrayList<>(Collections.nCopies(requests.size(), null));
        long began = System.nanoTime();
        while (!undecided.isEmpty()) {
            Set<String> named = new HashSet<>();
            List<Integer> positions = undecided.entrySet().stream()
                    .filter(request -> named.add(streamId.apply(request.getValue())))
                    .map(Map.Entry::getKey)
                    .toList();
            List<Optional<O>> decided =
                    statement.apply(positions.stream().map(undecided::get).toList());
            for (int i = 0; i < positions.size(); i++) {
                int position = positions.get(i);
                decided.get(i).ifPresent(outcome -> {
                    outcomes.set(position, outcome);
                    undecided.remove(position);
                });
            }
            if (!undecided.isEmpty() && System.nanoTime() - began > PASSES_NANOS) {
                throw new StorageUnavailableException("PostgreSQL took too long for requests of the same stream", null);
            }
        }
        return outcomes;
    }

    private static <O> List<O> inOrder(Result<Record> rows, Function<Record, O> outcome) {
        return rows.sortAsc(POSITION).map(outcome::apply);
    }

    private Result<Record> fetch(String what, String sql, Object... binds) {
        return run(what, () -> db.fetch(sql, Arrays.stream(binds).map(DSL::val).toArray()));
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

    private static Lease lease(Record row) {
        return new Lease(row.get(STREAM_LOCKS.LEASE_ID), lock(row));
    }

    private static Lock lock(Record row) {
        Instant expiresAt = row.get(STREAM_LOCKS.EXPIRES_AT).toInstant();
        Duration left = Duration.between(row.get(ANSWERED_AT).toInstant(), expiresAt);
        return new Lock(
                row.get(STREAM_LOCKS.STREAM_ID),
                row.get(STREAM_LOCKS.OWNER_ID),
                row.get(STREAM_LOCKS.FENCING_TOKEN),
                Duration.ofMillis(row.get(STREAM_LOCKS.TTL_MS)),
                row.get(STREAM_LOCKS.ACQUIRED_AT).toInstant(),
                expiresAt,
                left.isNegative() ? Duration.ZERO : left);
    }

    private static LossReason lossReason(Record row) {
        return LossReason.valueOf(row.get(VERDICT).toUpperCase(Locale.ROOT));
    }

    private static <Q, T> T[] column(List<Q> requests, Function<Q, T> value, IntFunction<T[]> array) {
        return requests.stream().map(value).toArray(array);
    }
}
