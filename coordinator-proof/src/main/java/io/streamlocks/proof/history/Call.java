package io.streamlocks.proof.history;

/**
 * A call of a worker. It is written twice: before it is sent, without an end, and when it is answered. A worker that is
 * killed in between leaves only the first line, and what became of the call is unknown.
 *
 * @param id the same in both lines, unique in the run
 * @param owner the worker process
 * @param kind what was asked for
 * @param stream of which stream
 * @param lease the lease id; null for a call of the resource. These files are test data, so it may stand here
 * @param via which coordinator was asked, from 1; 0 for the resource
 * @param start when it was sent, monotonic
 * @param at the same in ms since 1970, by the worker's own clock: for people
 * @param end when it was answered, monotonic; 0 if it never was
 * @param answer the answer
 * @param detail why it was lost, who holds the stream, or what went wrong; may be null. What a read says of a stream that
 *     nobody holds is {@code not-locked}
 * @param token the fencing token: that of the lease, or of the holder if it is held, or the one sent to the resource
 * @param number of a call of the resource: what was read or written
 * @param acquiredAt of a lease, by the database's clock
 * @param expiresAt of a lease, by the database's clock; when it ended, where history says that it has
 * @param ttlMs of a lease
 */
public record Call(
        String id,
        String owner,
        Kind kind,
        String stream,
        String lease,
        int via,
        long start,
        long at,
        long end,
        Answer answer,
        String detail,
        long token,
        long number,
        long acquiredAt,
        long expiresAt,
        long ttlMs) {

    /** Makes a call of a coordinator that is about to be sent. */
    public static Call sent(String id, String owner, Kind kind, String stream, String lease, int via) {
        return begun(id, owner, kind, stream, lease, via, 0, 0);
    }

    /** Makes a read about a lease of that token that is about to be sent. */
    public static Call reading(String id, String owner, Kind kind, String stream, String lease, int via, long token) {
        return begun(id, owner, kind, stream, lease, via, token, 0);
    }

    /** Makes a call of the resource that is about to be sent. */
    public static Call sent(String id, String owner, Kind kind, String stream, long token, long number) {
        return begun(id, owner, kind, stream, null, 0, token, number);
    }

    private static Call begun(
            String id, String owner, Kind kind, String stream, String lease, int via, long token, long number) {
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
                0);
    }

    /** The same with an answer that tells no lease. */
    public Call answered(Answer with, String why, long aboutToken) {
        return answered(with, why, aboutToken, 0, 0, 0);
    }

    /** The same with a lease. */
    public Call answered(Answer with, String why, long aboutToken, long acquired, long expires, long ttl) {
        return new Call(
                id,
                owner,
                kind,
                stream,
                lease,
                via,
                start,
                at,
                System.nanoTime(),
                with,
                why,
                aboutToken,
                number,
                acquired,
                expires,
                ttl);
    }

    /** Whether it may have happened or not, for all that was answered. */
    public boolean tellsNothing() {
        return answer == Answer.UNKNOWN || answer == Answer.UNEXPECTED;
    }

    /** When it was over for sure: never, if it had no answer. */
    public long endOrNever() {
        return end == 0 ? Long.MAX_VALUE : end;
    }

    /** Whether the answer says that the lease is its asker's at that time. */
    public boolean showsLease() {
        return answer == Answer.GRANTED || answer == Answer.RENEWED;
    }

    /** Whether it changes nothing, whatever it is answered. */
    public boolean onlyReads() {
        return kind == Kind.LOOK || kind == Kind.HISTORY;
    }

    /** A moment of the database's clock at which the lease was live for sure; of a call that shows a lease. */
    public long liveAt() {
        return answer == Answer.RENEWED ? expiresAt - ttlMs * 1000 : acquiredAt;
    }
}
