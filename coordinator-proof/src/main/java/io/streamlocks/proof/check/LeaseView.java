package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Kind;
import java.util.ArrayList;
import java.util.List;

/** A lease id, and what its worker knows of it. */
final class LeaseView {

    private final String id;
    private final List<Call> calls = new ArrayList<>();

    /** The earliest answer that shows it; null while no call was answered with it. */
    private Call shown;

    /** The answer that shows the latest moment at which it was live, and the one with the latest end. */
    private Call lastLive;

    private Call lastEnd;
    private Call firstAcquire;
    private Call firstRelease;
    private boolean mayBeGranted;

    LeaseView(String id) {
        this.id = id;
    }

    void add(Call call) {
        calls.add(call);
        if (call.kind() == Kind.ACQUIRE && firstAcquire == null) {
            firstAcquire = call;
        }
        if (call.kind() == Kind.RELEASE && firstRelease == null) {
            firstRelease = call;
        }
        mayBeGranted |= call.kind() == Kind.ACQUIRE && call.tellsNothing();
        if (call.showsLease()) {
            shown = shown == null || call.end() < shown.end() ? call : shown;
            lastLive = lastLive == null || call.liveAt() > lastLive.liveAt() ? call : lastLive;
            lastEnd = lastEnd == null || call.expiresAt() > lastEnd.expiresAt() ? call : lastEnd;
        }
    }

    /** Whether it was answered that the lease is over: what was read before it was granted is of another one. */
    boolean isOver(Call call) {
        return call.answer() == Answer.USED
                || (call.answer() == Answer.LOST
                        && !"unknown".equals(call.detail())
                        && (!call.onlyReads() || (isGranted() && shown.end() < call.start())));
    }

    String id() {
        return id;
    }

    String owner() {
        return calls.get(0).owner();
    }

    /** By the time they were sent. */
    List<Call> calls() {
        return calls;
    }

    boolean isGranted() {
        return shown != null;
    }

    /** Whether an acquire had no answer, and so may have been granted unseen. */
    boolean mayBeGranted() {
        return mayBeGranted;
    }

    Call shown() {
        return shown;
    }

    Call lastLive() {
        return lastLive;
    }

    Call lastEnd() {
        return lastEnd;
    }

    /** Null if none is known, as where the file of its worker is not there. */
    Call firstAcquire() {
        return firstAcquire;
    }

    /** Null if its worker never asked to release it. */
    Call firstRelease() {
        return firstRelease;
    }

    long token() {
        return shown.token();
    }

    long acquiredAt() {
        return shown.acquiredAt();
    }
}
