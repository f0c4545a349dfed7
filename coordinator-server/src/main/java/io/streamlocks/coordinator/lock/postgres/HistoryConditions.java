package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_HISTORY;
import static org.jooq.impl.DSL.row;

import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.GrantPage.Position;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.impl.DSL;

/** The conditions of queries for history, for each of the two tables. */
final class HistoryConditions {

    private static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", OffsetDateTime.class);

    private HistoryConditions() {}

    /** Returns the condition for the latest grant of a stream, which is in {@code stream_locks}. */
    static Condition ofLatest(StreamHistoryQuery query) {
        Condition condition =
                STREAM_LOCKS.STREAM_ID.eq(query.streamId()).and(STREAM_LOCKS.FENCING_TOKEN.lt(query.below()));
        return query.at()
                .map(at -> condition.and(STREAM_LOCKS.ACQUIRED_AT.le(utc(at))))
                .orElse(condition);
    }

    /** Returns the condition for the grants of a stream that have ended, which are in {@code stream_lock_history}. */
    static Condition ofEnded(StreamHistoryQuery query) {
        Condition condition = STREAM_LOCK_HISTORY
                .STREAM_ID
                .eq(query.streamId())
                .and(STREAM_LOCK_HISTORY.FENCING_TOKEN.lt(query.below()));
        return query.at()
                .map(at -> condition
                        .and(STREAM_LOCK_HISTORY.ACQUIRED_AT.le(utc(at)))
                        .and(STREAM_LOCK_HISTORY.ENDED_AT.gt(utc(at))))
                .orElse(condition);
    }

    /**
     * Returns the condition for the latest grants, which are in {@code stream_locks}.
     *
     * @param edge the last grant that the page looks at; empty for all
     */
    static Condition ofLatest(HistoryQuery query, Optional<Position> edge) {
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

    /**
     * Returns the condition for the grants that have ended, which are in {@code stream_lock_history}.
     *
     * @param edge the last grant that the page looks at; empty for all
     */
    static Condition ofEnded(HistoryQuery query, Optional<Position> edge) {
        Condition condition = condition(
                query,
                edge,
                // A page looks at a bounded number of grants, by time. The expression keeps the planner from the index
                // of streams, by which it would read and sort all grants of the prefix.
                DSL.field("({0} || '')", String.class, STREAM_LOCK_HISTORY.STREAM_ID),
                STREAM_LOCK_HISTORY.OWNER_ID,
                STREAM_LOCK_HISTORY.ACQUIRED_AT,
                STREAM_LOCK_HISTORY.FENCING_TOKEN);
        return query.endReason()
                .map(reason -> condition.and(
                        STREAM_LOCK_HISTORY.END_REASON.eq(reason.name().toLowerCase(Locale.ROOT))))
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
                    .and(streamId.lt(query.prefix() + PostgresReads.PAST_PREFIX));
        }
        return condition;
    }

    /** Returns the condition that a grant is on this page or a later one, by its time alone. */
    static Condition inTime(HistoryQuery query, Field<OffsetDateTime> acquiredAt, Field<Long> fencingToken) {
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

    static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
