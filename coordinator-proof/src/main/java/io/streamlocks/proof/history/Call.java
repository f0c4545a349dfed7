package io.streamlocks.proof.history;

import org.jspecify.annotations.Nullable;

/**
 * A call of a worker. It is written twice: before it is sent, without an end, and when its response has come. A worker
 * that is killed in between leaves only the first line, and the result of the call is unknown.
 *
 * @param id the id of the call, which is the same in both lines and unique in the run
 * @param owner the worker process
 * @param kind the kind of the call
 * @param stream the stream
 * @param lease the lease id; null for a call to the resource. These files are test data, so they may contain it
 * @param via the number of the coordinator, from 1; 0 for the resource
 * @param start when it was sent, monotonic
 * @param at the same time in ms since 1970 on the worker's own clock, for readers of the file
 * @param end when the response came, monotonic; 0 if there was none
 * @param answer the result
 * @param detail why the lease was lost, who holds the stream, or what failed; may be null. It is {@code not-locked} for
 *     a read of a free stream
 * @param token the fencing token of the lease, of the holder if another worker holds the stream, or that was sent to
 *     the resource
 * @param number the number that was read from or written to the resource
 * @param acquiredAt when the lease was granted, on the database's clock
 * @param expiresAt when the lease ends, on the database's clock; when it ended, if it is from the history
 * @param ttlMs the ttl of the lease
 * @param waitMs how long the coordinator may wait until it can grant the lease
 * @param position the position in the queue of the stream when a call that waited ended; 0 if it had no place, and if
 *     the call ended early because another stream of the same request was granted
 */
public record Call(
        String id,
        String owner,
        Kind kind,
        String stream,
        @Nullable String lease,
        int via,
        long start,
        long at,
        long end,
        Answer answer,
        @Nullable String detail,
        long token,
        long number,
        long acquiredAt,
        long expiresAt,
        long ttlMs,
        long waitMs,
        int position) {

    /** Returns a call to a coordinator that is about to be sent. */
    public static Call sent(String id, String owner, Kind kind, String stream, String lease, int via) {
        return begun(id, owner, kind, stream, lease, via, 0, 0);
    }

    /** Returns a read about the lease of this token that is about to be sent. */
    public static Call reading(String id, String owner, Kind kind, String stream, String lease, int via, long token) {
        return begun(id, owner, kind, stream, lease, via, token, 0);
    }

    /** Returns a call to the resource that is about to be sent. */
    public static Call sent(String id, String owner, Kind kind, String stream, long token, long number) {
        return begun(id, owner, kind, stream, null, 0, token, number);
    }

    private static Call begun(
            String id,
            String owner,
            Kind kind,
            String stream,
            @Nullable String lease,
            int via,
            long token,
            long number) {
        return new Call(
                id,
                owner,
                kind,
                stream,
                lease,
                via,
                System.nanoTime(),
                System.currentTimeMillis(),
                0,
                Answer.UNKNOWN,
                null,
                token,
                number,
                0,
                0,
                0,
                0,
                0);
    }

    /** Returns this call, which waits for so long. */
    public Call waiting(long ms) {
        return with(end, answer, detail, token, acquiredAt, expiresAt, ttlMs, ms, position);
    }

    /** Returns this call with the position that its response shows. */
    public Call at(int place) {
        return with(end, answer, detail, token, acquiredAt, expiresAt, ttlMs, waitMs, place);
    }

    /** Returns this call with a result that shows no lease. */
    public Call answered(Answer with, @Nullable String why, long aboutToken) {
        return answered(with, why, aboutToken, 0, 0, 0);
    }

    /** Returns this call with a result that shows a lease. */
    public Call answered(Answer with, @Nullable String why, long aboutToken, long acquired, long expires, long ttl) {
        return with(System.nanoTime(), with, why, aboutToken, acquired, expires, ttl, waitMs, position);
    }

    private Call with(
            long ended,
            Answer result,
            @Nullable String why,
            long aboutToken,
            long acquired,
            long expires,
            long ttl,
            long waits,
            int place) {
        return new Call(
                id,
                owner,
                kind,
                stream,
                lease,
                via,
                start,
                at,
                ended,
                result,
                why,
                aboutToken,
                number,
                acquired,
                expires,
                ttl,
                waits,
                place);
    }

    /** Returns whether the result leaves open if the call was carried out. */
    public boolean tellsNothing() {
        return answer == Answer.UNKNOWN || answer == Answer.UNEXPECTED;
    }

    /** Returns when the call was certainly over. That is never if there was no response. */
    public long endOrNever() {
        return end == 0 ? Long.MAX_VALUE : end;
    }

    /** Returns whether the result says that the caller had the lease at that time. */
    public boolean showsLease() {
        return answer == Answer.GRANTED || answer == Answer.RENEWED;
    }

    /** Returns whether the call can change nothing. */
    public boolean onlyReads() {
        return kind == Kind.LOOK || kind == Kind.HISTORY;
    }

    /** Returns a moment on the database's clock at which the lease was certainly live. The call must show a lease. */
    public long liveAt() {
        return answer == Answer.RENEWED ? expiresAt - ttlMs * 1000 : acquiredAt;
    }
}
