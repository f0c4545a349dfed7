package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;
import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCK_HISTORY;

import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Optional;
import org.jooq.Record;

/** How rows become {@link Grant}s. */
final class GrantRow {

    private GrantRow() {}

    /** Returns the grant of a row of {@link BreakChange#SQL}. */
    static Grant broken(ResultSet row) throws SQLException {
        Grant.End end = new Grant.End(
                row.getObject("ended_at", OffsetDateTime.class).toInstant(),
                EndReason.BROKEN,
                Optional.of(row.getString("broken_by")),
                Optional.of(row.getString("break_reason")));
        return new Grant(
                row.getString("stream_id"),
                row.getString("owner_id"),
                row.getLong("fencing_token"),
                Labels.of(row),
                row.getObject("acquired_at", OffsetDateTime.class).toInstant(),
                Optional.ofNullable(row.getObject("waited_ms", Long.class)).map(Duration::ofMillis),
                Optional.of(end));
    }

    /**
     * Returns the latest grant of a stream, by its row in {@code stream_locks}.
     *
     * @param expired when the lease expired; empty if it is live
     */
    static Grant latest(Record row, Optional<Instant> expired) {
        return new Grant(
                row.get(STREAM_LOCKS.STREAM_ID),
                row.get(STREAM_LOCKS.OWNER_ID),
                row.get(STREAM_LOCKS.FENCING_TOKEN),
                Labels.of(row.get(STREAM_LOCKS.LABELS)),
                row.get(STREAM_LOCKS.ACQUIRED_AT).toInstant(),
                // A server of the previous version leaves the time of an earlier grant in the row.
                Optional.ofNullable(row.get(STREAM_LOCKS.WAITED_MS))
                        .filter(waited ->
                                row.get(STREAM_LOCKS.FENCING_TOKEN).equals(row.get(STREAM_LOCKS.WAITED_FENCING_TOKEN)))
                        .map(Duration::ofMillis),
                expired.map(at -> new Grant.End(at, EndReason.EXPIRED, Optional.empty(), Optional.empty())));
    }

    /** Returns the grant of a row of {@code stream_lock_history}. */
    static Grant ended(Record row) {
        Grant.End end = new Grant.End(
                row.get(STREAM_LOCK_HISTORY.ENDED_AT).toInstant(),
                EndReason.valueOf(row.get(STREAM_LOCK_HISTORY.END_REASON).toUpperCase(Locale.ROOT)),
                Optional.ofNullable(row.get(STREAM_LOCK_HISTORY.ENDED_BY)),
                Optional.ofNullable(row.get(STREAM_LOCK_HISTORY.BREAK_REASON)));
        return new Grant(
                row.get(STREAM_LOCK_HISTORY.STREAM_ID),
                row.get(STREAM_LOCK_HISTORY.OWNER_ID),
                row.get(STREAM_LOCK_HISTORY.FENCING_TOKEN),
                Labels.of(row.get(STREAM_LOCK_HISTORY.LABELS)),
                row.get(STREAM_LOCK_HISTORY.ACQUIRED_AT).toInstant(),
                Optional.ofNullable(row.get(STREAM_LOCK_HISTORY.WAITED_MS)).map(Duration::ofMillis),
                Optional.of(end));
    }
}
