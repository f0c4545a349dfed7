package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_HISTORY;

import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.GrantPage.Position;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Record2;
import org.jooq.ResultQuery;
import org.jooq.impl.DSL;

/**
 * Reads history. Triggers write grants that have ended to {@code stream_lock_history}. A grant that is live, or that
 * expired without a successor, is only in {@code stream_locks}. Only a locked row proves that it expired; while another
 * transaction has the row locked, the grant is reported without an end. This class is thread-safe.
 */
record PostgresHistory(Statements statements) {

    /**
     * A page looks at this many grants at most. A filter that few grants pass takes several pages, but not a minute.
     */
    private static final int MAX_LOOKED_AT = 20_000;

    private static final Comparator<Position> EARLIEST_FIRST =
            Comparator.comparing(Position::acquiredAt).thenComparing(Position::fencingToken);

    private static final Field<Boolean> IS_LIVE = DSL.field("expires_at > clock_timestamp()", Boolean.class);

    GrantPage page(StreamHistoryQuery query) {
        // The order is by token, because the clock may have been set back. The latest grant is read first, so that a
        // lease that ends between the two reads is read twice and not missed.
        Map<Long, Grant> found = new TreeMap<>(Comparator.reverseOrder());
        readLatest(HistoryConditions.ofLatest(query), query.pageSize()).stream()
                .filter(grant -> query.at().isEmpty()
                        || grant.end().isEmpty()
                        || grant.end().get().at().isAfter(query.at().get()))
                .forEach(grant -> found.put(grant.fencingToken(), grant));
        statements
                .run("read history", db -> ended(db, query).fetch(GrantRow::ended))
                .forEach(grant -> found.put(grant.fencingToken(), grant));
        return page(found, query.pageSize());
    }

    GrantPage page(HistoryQuery query) {
        Optional<Position> edge = edge(query);
        Map<Position, Grant> found = new TreeMap<>(EARLIEST_FIRST.reversed());
        readLatest(HistoryConditions.ofLatest(query, edge), query.pageSize())
                .forEach(grant -> found.put(Position.of(grant), grant));
        statements
                .run("read history", db -> ended(db, query, edge).fetch(GrantRow::ended))
                .forEach(grant -> found.put(Position.of(grant), grant));
        GrantPage page = page(found, query.pageSize());
        // A page of ends leaves out the grants that may still be live. The next page begins where it would with them.
        List<Grant> grants = page.grants().stream()
                .filter(grant -> query.endReason().isEmpty() || grant.end().isPresent())
                .toList();
        return new GrantPage(grants, page.next().isPresent() ? page.next() : edge);
    }

    private static GrantPage page(Map<?, Grant> found, int pageSize) {
        return GrantPage.of(found.values().stream().limit(pageSize + 1L).toList(), pageSize);
    }

    /** Returns the last grant that the page looks at; empty if it looks at all grants. */
    private Optional<Position> edge(HistoryQuery query) {
        return statements.run("read history", db -> edge(db, query)
                .fetchOptional(last -> new Position(last.value1().toInstant(), last.value2())));
    }

    /** Returns the statement that reads the ended grants of one stream. */
    static ResultQuery<? extends Record> ended(DSLContext db, StreamHistoryQuery query) {
        return db.selectFrom(STREAM_LOCK_HISTORY)
                .where(HistoryConditions.ofEnded(query))
                .orderBy(STREAM_LOCK_HISTORY.FENCING_TOKEN.desc())
                .limit(query.pageSize() + 1);
    }

    /** Returns the statement that reads the ended grants of all streams, down to the edge. */
    static ResultQuery<? extends Record> ended(DSLContext db, HistoryQuery query, Optional<Position> edge) {
        return db.selectFrom(STREAM_LOCK_HISTORY)
                .where(HistoryConditions.ofEnded(query, edge))
                .orderBy(STREAM_LOCK_HISTORY.ACQUIRED_AT.desc(), STREAM_LOCK_HISTORY.FENCING_TOKEN.desc())
                .limit(query.pageSize() + 1);
    }

    /** Returns the statement that reads the position of the edge. */
    static ResultQuery<Record2<OffsetDateTime, Long>> edge(DSLContext db, HistoryQuery query) {
        return db.select(STREAM_LOCK_HISTORY.ACQUIRED_AT, STREAM_LOCK_HISTORY.FENCING_TOKEN)
                .from(STREAM_LOCK_HISTORY)
                .where(HistoryConditions.inTime(
                        query, STREAM_LOCK_HISTORY.ACQUIRED_AT, STREAM_LOCK_HISTORY.FENCING_TOKEN))
                .orderBy(STREAM_LOCK_HISTORY.ACQUIRED_AT.desc(), STREAM_LOCK_HISTORY.FENCING_TOKEN.desc())
                .offset(MAX_LOOKED_AT - 1)
                .limit(1);
    }

    private List<Grant> readLatest(Condition condition, int pageSize) {
        List<Record> rows = statements.run("read history", db -> db.select(STREAM_LOCKS.asterisk(), IS_LIVE)
                .from(STREAM_LOCKS)
                // The owner is null after a release or a break, which have a row in history.
                .where(STREAM_LOCKS.OWNER_ID.isNotNull(), condition)
                .orderBy(STREAM_LOCKS.ACQUIRED_AT.desc(), STREAM_LOCKS.FENCING_TOKEN.desc())
                .limit(pageSize + 1)
                .fetch(row -> row));
        Map<Long, Instant> expired = expired(rows.stream()
                .filter(row -> !row.get(IS_LIVE))
                .map(row -> row.get(STREAM_LOCKS.STREAM_ID))
                .toList());
        return rows.stream()
                .map(row -> GrantRow.latest(row, Optional.ofNullable(expired.get(row.get(STREAM_LOCKS.FENCING_TOKEN)))))
                .toList();
    }

    /**
     * Returns when the latest leases of these streams expired, by their tokens. It leaves out a lease that may be live,
     * because its renewal may be about to commit.
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
}
