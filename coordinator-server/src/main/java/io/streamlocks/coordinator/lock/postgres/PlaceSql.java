package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.Limits;
import java.util.Locale;

/** Conditions on the places of a queue, for the statements on leases and on queues. */
final class PlaceSql {

    /** Whether a place {@code w} is alive: its call waits, or ended so recently that it may be repeated. */
    static final String IS_ALIVE =
            "w.calling_until > clock_timestamp() - interval '" + Limits.PLACE_KEPT.toSeconds() + " seconds'";

    /**
     * Whether a place {@code w} still waits for the stream of a row {@code l}. An acquire that is granted leaves its
     * place to the next hand-over, which deletes it.
     */
    static final String IS_OPEN = "w.lease_id <> l.lease_id AND w.lease_id <> ALL (l.superseded_lease_ids)";

    /** The number of callers that wait for the stream of a row {@code l}. The queue is read only if there may be any. */
    static final String WAITING = String.format(Locale.ROOT, """
            CASE WHEN l.awaited_until > clock_timestamp() THEN (
                    SELECT count(*)::int FROM stream_lock_waiters w
                    WHERE w.stream_id = l.stream_id AND %s AND %s) ELSE 0 END""", IS_OPEN, IS_ALIVE);

    private PlaceSql() {}

    /**
     * Returns the condition that another caller comes before a request {@code r} in the queue of its stream. A request
     * without a living place comes after all of them.
     *
     * @param row the row of the stream
     */
    static String comesFirst(String row) {
        return String.format(
                Locale.ROOT, """
                EXISTS (
                    SELECT FROM stream_lock_waiters w
                    WHERE w.stream_id = %1$s.stream_id AND w.lease_id <> r.lease_id AND %2$s AND %4$s
                        AND NOT EXISTS (
                            SELECT FROM stream_lock_waiters w_own
                            WHERE w_own.stream_id = %1$s.stream_id AND w_own.lease_id = r.lease_id
                                AND w_own.ticket < w.ticket AND %3$s))""", row, IS_ALIVE, IS_ALIVE.replace("w.", "w_own."), IS_OPEN.replace("l.", row + "."));
    }
}
