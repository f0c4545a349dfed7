package io.streamlocks.coordinator.lock.postgres;

import java.util.Locale;

/**
 * The rules that all statements on leases follow, and the statements that several of the {@link Change}s use. Each rule
 * has a test of its own.
 *
 * <ul>
 *   <li>A statement takes the time from {@code clock_timestamp()}, never from the start of its transaction.
 *   <li>A statement that changes a row locks it first and judges it afterwards. If it judged first, a lease could
 *       expire between the judgement and the lock and be renewed all the same. Each change applies to the row version
 *       that was locked, which its {@code ctid} identifies. A version that is newer than the snapshot of the statement
 *       is left out, and the caller looks again.
 *   <li>No statement waits for the row of a stream. {@code SKIP LOCKED} leaves out a row that another transaction has locked, and its
 *       request is blocked. One locked row therefore delays only the requests for it, and two batches that share
 *       streams cannot wait for each other. New rows are the exception: an insert waits for another transaction that
 *       inserts the same row. All statements insert in the byte order of {@code stream_id}, so they cannot deadlock
 *       there.
 *   <li>Only a locked row proves that a lease has ended ({@link #LOOK}). The committed row alone does not: another
 *       transaction may have renewed the lease in time while its commit still waits for the disk or a standby. {@link
 *       #LOOK} computes its result just before it locks a row, and again if the row has changed by then. A lease that
 *       has ended stays ended, so the earlier result is valid as well.
 *   <li>A statement that changes leases names each stream only once. {@link Pass} ensures that.
 * </ul>
 */
final class LockSql {

    /**
     * The statements rely on these settings of each connection.
     *
     * <p>They make PostgreSQL plan each statement once, for arrays of any length, as a walk along the requests with a
     * lookup in the primary key for each stream. A plan per call would cost more than the call. A hash join, which the
     * planner prefers for a long batch on a small table, would read the whole table.
     *
     * <p>The cost of a row is far above the cost of a page. A connection plans a statement when it first runs it,
     * perhaps on a table of a few rows. Reading all of them would be cheapest then, and would stay the plan until the
     * table is analyzed, which may be when it has thousands of rows. (With fewer than five rows it still happens.)
     *
     * <p>A page is read in its order along an index, and ends when it is full. A bitmap scan, which the planner prefers
     * for several conditions, reads and sorts all rows that could be on the page.
     *
     * <p>Warnings must arrive, because one of them reports that a commit is not on the standby (see {@link
     * Statements}).
     */
    static final String SESSION_SETTINGS = """
            SET plan_cache_mode = force_generic_plan;
            SET enable_hashjoin = off;
            SET enable_mergejoin = off;
            SET enable_seqscan = off;
            SET enable_bitmapscan = off;
            SET jit = off;
            SET cpu_tuple_cost = 10;
            SET client_min_messages = warning""";

    /** Each connection needs this as well if the triggers shall write no history. */
    static final String WITHOUT_HISTORY = "SET stream_locks.history = 'off'";

    /**
     * Binds stream ids and lease ids. Returns the state of each lease and its stream as committed, without a lock. That
     * suffices to report who holds a stream, and not to report that a lease has ended.
     */
    static final String GLANCE = String.format(Locale.ROOT, """
            SELECT %s
            FROM unnest(?::text[], ?::uuid[]) WITH ORDINALITY AS r (stream_id, lease_id, position)
                LEFT JOIN stream_locks l ON l.stream_id = r.stream_id
            """, LeaseRow.STANDING);

    /**
     * Binds stream ids and lease ids. Returns the state of each lease and its stream, in any order. A row that another
     * transaction has locked is left out. The result for a stream without a row has nothing but its position.
     *
     * <p>Locking a row is a write, so the result arrives when a synchronous standby has everything that was written
     * before. A read alone shows what is committed on this server, and the commit may not have reached the standby,
     * because an operator cancelled its wait or the server was restarted during it.
     */
    static final String LOOK = String.format(Locale.ROOT, """
            WITH asked AS MATERIALIZED (
                SELECT * FROM unnest(?::text[], ?::uuid[]) WITH ORDINALITY AS u (stream_id, lease_id, position)
            ),
            locked AS MATERIALIZED (
                SELECT %1$s
                FROM asked r JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            )
            SELECT * FROM locked
            UNION ALL
            SELECT %1$s
            FROM asked r LEFT JOIN stream_locks l ON l.stream_id = r.stream_id
            WHERE l.stream_id IS NULL
            """, LeaseRow.STANDING);

    /**
     * Binds nothing and returns nothing of use. It writes a few bytes to the log, so its commit completes when a
     * synchronous standby has everything that was written before. An outcome that was read from many rows needs this.
     */
    static final String CONFIRM = "SELECT pg_logical_emit_message(true, 'stream-locks', '')";

    private LockSql() {}
}
