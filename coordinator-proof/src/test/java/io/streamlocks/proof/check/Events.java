package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import io.streamlocks.proof.history.Write;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the history of one stream. Times are in seconds. The database's clock shows the same time as the machine's.
 */
final class Events {

    static final String STREAM = "s-1";
    static final long TTL_MS = 3000;

    private final List<Call> calls = new ArrayList<>();
    private final List<Write> writes = new ArrayList<>();
    private final List<Grant> grants = new ArrayList<>();

    /** Adds an acquire that is granted in the middle of the call. */
    Events acquired(String owner, String lease, double from, double to, long token) {
        return acquired(owner, lease, from, to, token, (from + to) / 2);
    }

    Events acquired(String owner, String lease, double from, double to, long token, double grantedAt) {
        return shown(
                owner, Kind.ACQUIRE, Answer.GRANTED, lease, from, to, token, grantedAt, grantedAt + TTL_MS / 1000.0);
    }

    /** Adds a renewal that is carried out in the middle of the call. */
    Events renewed(String owner, String lease, double from, double to, long token, double grantedAt) {
        return renewed(owner, lease, from, to, token, grantedAt, (from + to) / 2);
    }

    Events renewed(String owner, String lease, double from, double to, long token, double grantedAt, double renewedAt) {
        return shown(owner, Kind.RENEW, Answer.RENEWED, lease, from, to, token, grantedAt, renewedAt + TTL_MS / 1000.0);
    }

    Events released(String owner, String lease, double from, double to) {
        return answered(owner, Kind.RELEASE, lease, from, to, Answer.RELEASED, null, 0);
    }

    Events unknown(String owner, Kind kind, String lease, double from) {
        calls.add(call(owner, kind, lease, from, 0, Answer.UNKNOWN, null, 0, 0, 0, 0));
        return this;
    }

    Events unexpected(String owner, Kind kind, String lease, double from, double to) {
        return answered(owner, kind, lease, from, to, Answer.UNEXPECTED, "status 500", 0);
    }

    Events lost(String owner, String lease, double from, double to, String reason) {
        return answered(owner, Kind.RENEW, lease, from, to, Answer.LOST, reason, 0);
    }

    Events held(String owner, String lease, double from, double to, String holder, long token) {
        return answered(owner, Kind.ACQUIRE, lease, from, to, Answer.HELD, holder, token);
    }

    Events used(String owner, String lease, double from, double to) {
        return answered(owner, Kind.ACQUIRE, lease, from, to, Answer.USED, null, 0);
    }

    /** Adds a look that finds the lease. */
    Events looked(String owner, String lease, double from, double to, long token, double expiresAt) {
        calls.add(call(
                owner,
                Kind.LOOK,
                lease,
                from,
                to,
                Answer.LIVE,
                null,
                token,
                0,
                micros(expiresAt) - TTL_MS * 1000,
                micros(expiresAt)));
        return this;
    }

    /** Adds a look that finds the stream free, or another lease. */
    Events lookedInVain(String owner, String lease, double from, double to, String why) {
        return answered(owner, Kind.LOOK, lease, from, to, Answer.LOST, why, 0);
    }

    /** Adds a read of the history in which the lease has ended. */
    Events readAsEnded(String owner, String lease, double from, double to, double endedAt, String reason) {
        calls.add(call(owner, Kind.HISTORY, lease, from, to, Answer.LOST, reason, 0, 0, 0, micros(endedAt)));
        return this;
    }

    Events published(String owner, long number, long token, double from, double to, Answer answer) {
        calls.add(call(owner, Kind.PUBLISH, null, from, to, answer, null, token, number, 0, 0));
        return this;
    }

    Events write(String owner, long number, long token) {
        writes.add(new Write(STREAM, number, token, owner));
        return this;
    }

    Events history(String owner, long token, double from, double to, String reason, String by) {
        grants.add(new Grant(STREAM, owner, token, micros(from), micros(to), reason, by));
        return this;
    }

    Events live(String owner, long token, double from) {
        grants.add(new Grant(STREAM, owner, token, micros(from), 0, null, null));
        return this;
    }

    StreamHistory build() {
        return new StreamHistory(STREAM, calls, writes, grants);
    }

    List<Violation> check(Fault... faults) {
        return Checker.check(build(), List.of(faults));
    }

    /** Adds a call that waits from one time to the other, and has this position when its time is up. */
    Events waited(String owner, String lease, double from, double to, int position) {
        calls.add(call(owner, Kind.ACQUIRE, lease, from, to, Answer.AWAITED, null, 0, 0, 0, 0)
                .waiting(Math.round((to - from) * 1000))
                .at(position));
        return this;
    }

    /** Adds a call that waits, and whose lease id is used when its time is up. */
    Events waitedForAUsedId(String owner, String lease, double from, double to) {
        used(owner, lease, from, to);
        calls.add(calls.remove(calls.size() - 1).waiting(Math.round((to - from) * 1000)));
        return this;
    }

    /** Adds a call that waits and is granted at its end. */
    Events waitedAndAcquired(String owner, String lease, double from, double to, long token) {
        acquired(owner, lease, from, to, token, to);
        calls.add(calls.remove(calls.size() - 1).waiting(20_000));
        return this;
    }

    private Events shown(
            String owner,
            Kind kind,
            Answer answer,
            String lease,
            double from,
            double to,
            long token,
            double grantedAt,
            double expiresAt) {
        calls.add(call(owner, kind, lease, from, to, answer, null, token, 0, micros(grantedAt), micros(expiresAt)));
        return this;
    }

    private Events answered(
            String owner, Kind kind, String lease, double from, double to, Answer answer, String detail, long token) {
        calls.add(call(owner, kind, lease, from, to, answer, detail, token, 0, 0, 0));
        return this;
    }

    private Call call(
            String owner,
            Kind kind,
            String lease,
            double from,
            double to,
            Answer answer,
            String detail,
            long token,
            long number,
            long acquiredAt,
            long expiresAt) {
        return new Call(
                "c-" + calls.size(),
                owner,
                kind,
                STREAM,
                lease,
                lease == null ? 0 : 1,
                nanos(from),
                0,
                nanos(to),
                answer,
                detail,
                token,
                number,
                acquiredAt,
                expiresAt,
                TTL_MS,
                0,
                0);
    }

    static long nanos(double seconds) {
        return Math.round(seconds * 1e9);
    }

    private static long micros(double seconds) {
        return Math.round(seconds * 1e6);
    }
}
