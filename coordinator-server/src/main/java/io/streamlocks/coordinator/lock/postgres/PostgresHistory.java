package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_HISTORY;
import static org.jooq.impl.DSL.row;

import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.GrantPage.Position;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.impl.DSL;

/**
 * Reads and purges history: what is over, which triggers have written to {@code stream_lock_history}, and what is live or
 * ran out without a successor, which only {@code stream_locks} tells. That a lease ran out is certain only with its row
 * locked; while another transaction has locked it, the grant has no end. Thread-safe.
 */
final class PostgresHistory {

    private static final int PURGE_CHUNK = 1000;

    /** How many grants a page looks at, so that a filter that few of them pass takes several pages and not a minute. */
    private static final int MAX_LOOKED_AT = 20_000;

    private static final Comparator<Position> EARLIEST_FIRST =
            Comparator.comparing(Position::acquiredAt).thenComparing(Position::fencingToken);

    private static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", OffsetDateTime.class);
    private static final Field<Boolean> IS_LIVE = DSL.field("expires_at > clock_timestamp()", Boolean.class);

    private final Statements statements;

    PostgresHistory(Statements statements) {
        this.statements = statements;
    }

    GrantPage of(StreamHistoryQuery query) {
        Condition current =
                STREAM_LOCKS.STREAM_ID.eq(query.streamId()).and(STREAM_LOCKS.FENCING_TOKEN.lt(query.below()));
        Condition ended = STREAM_LOCK_HISTORY
                .STREAM_ID
                .eq(query.streamId())
                .and(STREAM_LOCK_HISTORY.FENCING_TOKEN.lt(query.below()));
        if (query.at().isPresent()) {
            OffsetDateTime at = utc(query.at().get());
            current = current.and(STREAM_LOCKS.ACQUIRED_AT.le(at));
            ended = ended.and(STREAM_LOCK_HISTORY.ACQUIRED_AT.le(at)).and(STREAM_LOCK_HISTORY.ENDED_AT.gt(at));
        }
        // By token: the highest first, whatever the clock did. What is current is read first, so that a lease that ends
        // between the two is read twice, and not missed.
        Map<Long, Grant> found = new TreeMap<>(Comparator.reverseOrder());
        readCurrent(current, query.pageSize()).stream()
                .filter(grant -> query.at().isEmpty()
                        || grant.end().isEmpty()
                        || grant.end().get().at().isAfter(query.at().get()))
                .forEach(grant -> found.put(grant.fencingToken(), grant));
        Condition which = ended;
        statements
                .run("read history", db -> db.selectFrom(STREAM_LOCK_HISTORY)
                        .where(which)
                        .orderBy(STREAM_LOCK_HISTORY.FENCING_TOKEN.desc())
                        .limit(query.pageSize() + 1)
                        .fetch(PostgresHistory::ended))
                .forEach(grant -> found.put(grant.fencingToken(), grant));
        return page(found, query.pageSize());
    }

    GrantPage of(HistoryQuery query) {
        Optional<Position> edge = edge(query);
        Map<Position, Grant> found = new TreeMap<>(EARLIEST_FIRST.reversed());
        readCurrent(currentCondition(query, edge), query.pageSize())
                .forEach(grant -> found.put(Position.of(grant), grant));
        Condition which = endedCondition(query, edge);
        statements
                .run("read history", db -> db.selectFrom(STREAM_LOCK_HISTORY)
                        .where(which)
                        .orderBy(STREAM_LOCK_HISTORY.ACQUIRED_AT.desc(), STREAM_LOCK_HISTORY.FENCING_TOKEN.desc())
                        .limit(query.pageSize() + 1)
                        .fetch(PostgresHistory::ended))
                .forEach(grant -> found.put(Position.of(grant), grant));
        GrantPage page = page(found, query.pageSize());
        // Those that may still be live are left out of a page of ends, and the next page begins where it would with
        // them.
        List<Grant> grants = page.grants().stream()
                .filter(grant -> query.endReason().isEmpty() || grant.end().isPresent())
                .toList();
        return new GrantPage(grants, page.next().isPresent() ? page.next() : edge);
    }

    private static GrantPage page(Map<?, Grant> found, int pageSize) {
        return GrantPage.of(found.values().stream().limit(pageSize + 1L).toList(), pageSize);
    }

    /** The last grant that the page looks at; empty if it looks at all that there are. */
    private Optional<Position> edge(HistoryQuery query) {
        return statements.run(
                "read history", db -> db.select(STREAM_LOCK_HISTORY.ACQUIRED_AT, STREAM_LOCK_HISTORY.FENCING_TOKEN)
                        .from(STREAM_LOCK_HISTORY)
                        .where(inTime(query, STREAM_LOCK_HISTORY.ACQUIRED_AT, STREAM_LOCK_HISTORY.FENCING_TOKEN))
                        .orderBy(STREAM_LOCK_HISTORY.ACQUIRED_AT.desc(), STREAM_LOCK_HISTORY.FENCING_TOKEN.desc())
                        .offset(MAX_LOOKED_AT - 1)
                        .limit(1)
                        .fetchOptional(last -> new Position(last.value1().toInstant(), last.value2())));
    }

    private List<Grant> readCurrent(Condition condition, int pageSize) {
        List<Record> rows = statements.run("read history", db -> db.select(STREAM_LOCKS.asterisk(), IS_LIVE)
                .from(STREAM_LOCKS)
                // Null for one that was released or broken, which has a row in history.
                .where(STREAM_LOCKS.OWNER_ID.isNotNull(), condition)
                .orderBy(STREAM_LOCKS.ACQUIRED_AT.desc(), STREAM_LOCKS.FENCING_TOKEN.desc())
                .limit(pageSize + 1)
                .fetch(row -> row));
        Map<Long, Instant> expired = expired(rows.stream()
                .filter(row -> !row.get(IS_LIVE))
                .map(row -> row.get(STREAM_LOCKS.STREAM_ID))
                .toList());
        return rows.stream()
                .map(row -> current(row, Optional.ofNullable(expired.get(row.get(STREAM_LOCKS.FENCING_TOKEN)))))
                .toList();
    }

    /**
     * When the latest leases of these streams ended, by their tokens. A lease is left out that may be live: its renewal may be
     * about to commit.
     */
    private Map<Long, Instant> expired(List<String> streamIds) {
        Map<Long, Instant> ends = new HashMap<>();
        if (!streamIds.isEmpty()) {
            statements.look("read history", LockSql.LOOK, streamIds, new UUID[streamIds.size()], (index, row) -> {
                if (row.getString("owner_id") != null && !row.getBoolean("is_live")) {
                    ends.put(
                            row.getLong("fencing_token"),
                            row.getObject("expires_at", OffsetDateTime.class).toInstant());
                }
            });
        }
        return ends;
    }

    private static Condition currentCondition(HistoryQuery query, Optional<Position> edge) {
        Condition condition = condition(
                query,
                edge,
                STREAM_LOCKS.STREAM_ID,
                STREAM_LOCKS.OWNER_ID,
                STREAM_LOCKS.ACQUIRED_AT,
                STREAM_LOCKS.FENCING_TOKEN);
        if (query.endReason().isEmpty()) {
            return condition;
        }
        return query.endReason().get() == EndReason.EXPIRED
                ? condition.and(STREAM_LOCKS.EXPIRES_AT.le(CLOCK))
                : DSL.falseCondition();
    }

    private static Condition endedCondition(HistoryQuery query, Optional<Position> edge) {
        Condition condition = condition(
                query,
                edge,
                STREAM_LOCK_HISTORY.STREAM_ID,
                STREAM_LOCK_HISTORY.OWNER_ID,
                STREAM_LOCK_HISTORY.ACQUIRED_AT,
                STREAM_LOCK_HISTORY.FENCING_TOKEN);
        return query.endReason()
                .map(reason -> condition.and(STREAM_LOCK_HISTORY.END_REASON.eq(name(reason))))
                .orElse(condition);
    }

    private static Condition condition(
            HistoryQuery query,
            Optional<Position> edge,
            Field<String> streamId,
            Field<String> ownerId,
            Field<OffsetDateTime> acquiredAt,
            Field<Long> fencingToken) {
        Condition condition = inTime(query, acquiredAt, fencingToken);
        if (edge.isPresent()) {
            condition = condition.and(row(acquiredAt, fencingToken)
                    .ge(utc(edge.get().acquiredAt()), edge.get().fencingToken()));
        }
        if (query.ownerId().isPresent()) {
            condition = condition.and(ownerId.eq(query.ownerId().get()));
        }
        if (!query.prefix().isEmpty()) {
            condition = condition
                    .and(streamId.ge(query.prefix()))
                    .and(streamId.lt(query.prefix() + PostgresLockManager.PAST_PREFIX));
        }
        return condition;
    }

    private static Condition inTime(HistoryQuery query, Field<OffsetDateTime> acquiredAt, Field<Long> fencingToken) {
        Condition condition = DSL.noCondition();
        if (query.after().isPresent()) {
            Position after = query.after().get();
            condition = condition.and(row(acquiredAt, fencingToken).lt(utc(after.acquiredAt()), after.fencingToken()));
        }
        if (query.since().isPresent()) {
            condition = condition.and(acquiredAt.ge(utc(query.since().get())));
        }
        if (query.until().isPresent()) {
            condition = condition.and(acquiredAt.lt(utc(query.until().get())));
        }
        return condition;
    }

    /**
     * In chunks along the index by time. A grant is looked at only if it began long enough ago to have ended long enough
     * ago, so the walk is about as long as what it purges.
     */
    int purge(Duration endedFor) {
        int purged = 0;
        Optional<Position> after = Optional.of(new Position(Instant.EPOCH, 0));
        while (after.isPresent()) {
            Position from = after.get();
            Record chunk = statements.run(
                    "purge history",
                    db -> db.fetchSingle(
                            LockSql.PURGE_HISTORY_CHUNK,
                            endedFor.toMillis(),
                            utc(from.acquiredAt()),
                            from.fencingToken(),
                            PURGE_CHUNK));
            purged += chunk.get("purged", Integer.class);
            after = chunk.get("seen", Integer.class) < PURGE_CHUNK
                    ? Optional.empty()
                    : Optional.of(new Position(
                            chunk.get("acquired_at", OffsetDateTime.class).toInstant(),
                            chunk.get("fencing_token", Long.class)));
        }
        return purged;
    }

    private static Grant current(Record row, Optional<Instant> expired) {
        Optional<Grant.End> end =
                expired.map(at -> new Grant.End(at, EndReason.EXPIRED, Optional.empty(), Optional.empty()));
        return new Grant(
                row.get(STREAM_LOCKS.STREAM_ID),
                row.get(STREAM_LOCKS.OWNER_ID),
                row.get(STREAM_LOCKS.FENCING_TOKEN),
                Rows.labels(row.get(STREAM_LOCKS.LABELS)),
                row.get(STREAM_LOCKS.ACQUIRED_AT).toInstant(),
                end);
    }

    private static Grant ended(Record row) {
        return new Grant(
                row.get(STREAM_LOCK_HISTORY.STREAM_ID),
                row.get(STREAM_LOCK_HISTORY.OWNER_ID),
                row.get(STREAM_LOCK_HISTORY.FENCING_TOKEN),
                Rows.labels(row.get(STREAM_LOCK_HISTORY.LABELS)),
                row.get(STREAM_LOCK_HISTORY.ACQUIRED_AT).toInstant(),
                Optional.of(new Grant.End(
                        row.get(STREAM_LOCK_HISTORY.ENDED_AT).toInstant(),
                        EndReason.valueOf(
                                row.get(STREAM_LOCK_HISTORY.END_REASON).toUpperCase(Locale.ROOT)),
                        Optional.ofNullable(row.get(STREAM_LOCK_HISTORY.ENDED_BY)),
                        Optional.ofNullable(row.get(STREAM_LOCK_HISTORY.BREAK_REASON)))));
    }

    private static String name(EndReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
