package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A lease with all calls about it. */
final class LeaseView {

    private final List<Call> calls = new ArrayList<>();

    /** The earliest response that shows the lease. It is null while there is none. */
    private @Nullable Call shown;

    /** The response that shows the latest moment at which the lease was live. */
    private @Nullable Call lastLive;

    /** The response with the latest end. */
    private @Nullable Call lastEnd;

    private @Nullable Call firstAcquire;
    private @Nullable Call firstRelease;
    private boolean mayBeGranted;

    void add(Call call) {
        calls.add(call);
        if (call.kind() == Kind.ACQUIRE && firstAcquire == null) {
            firstAcquire = call;
        }
        if (call.kind() == Kind.RELEASE && firstRelease == null) {
            firstRelease = call;
        }
        // A lease id that is used may have been granted to the same call, while it waited.
        mayBeGranted |= call.kind() == Kind.ACQUIRE
                && (call.tellsNothing() || (call.answer() == Answer.USED && call.waitMs() > 0));
        if (call.showsLease()) {
            shown = shown == null || call.end() < shown.end() ? call : shown;
            lastLive = lastLive == null || call.liveAt() > lastLive.liveAt() ? call : lastLive;
            lastEnd = lastEnd == null || call.expiresAt() > lastEnd.expiresAt() ? call : lastEnd;
        }
    }

    /** Returns whether the response says that the lease has ended. A read before the grant is about another lease. */
    boolean isOver(Call call) {
        return call.answer() == Answer.USED
                || (call.answer() == Answer.LOST
                        && !"unknown".equals(call.detail())
                        && (!call.onlyReads() || (isGranted() && shown().end() < call.start())));
    }

    String owner() {
        return calls.get(0).owner();
    }

    /** Returns the calls in the order in which they were sent. */
    List<Call> calls() {
        return calls;
    }

    boolean isGranted() {
        return shown != null;
    }

    /** Returns whether an acquire had no known result, so that the lease may have been granted unseen. */
    boolean mayBeGranted() {
        return mayBeGranted;
    }

    Call shown() {
        return ofGranted(shown);
    }

    Call lastLive() {
        return ofGranted(lastLive);
    }

    Call lastEnd() {
        return ofGranted(lastEnd);
    }

    /** Returns null if no acquire is known, for instance because the file of the worker is missing. */
    @Nullable
    Call firstAcquire() {
        return firstAcquire;
    }

    /** Returns null if the worker never sent a release. */
    @Nullable
    Call firstRelease() {
        return firstRelease;
    }

    long token() {
        return shown().token();
    }

    long acquiredAt() {
        return shown().acquiredAt();
    }

    /** Only a lease that {@linkplain #isGranted is granted} has this response. */
    private static Call ofGranted(@Nullable Call response) {
        return Objects.requireNonNull(response, "No response shows the lease");
    }
}
