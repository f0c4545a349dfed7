package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The right to process a stream. The client keeps it alive in the background until it is closed or lost, unless {@link
 * AcquireOptions#withoutRenewal()} says that it does not. {@link StreamLockClient#tryAcquire} returns one.
 *
 * <p>A lease is <em>safe</em> until a moment on the monotonic clock of this process. That moment comes before the lease
 * can end for the coordinator, whatever the coordinator's clock says. Each confirmed renewal moves it on. Two things
 * move it back: an {@linkplain #extend extension} to a shorter length, and a renewal that finds the lease shorter,
 * because a fail-over has lost an extension. After that moment, nothing may be done in the name of the lease. Ask
 * {@link #isSafe()} or {@link #requireSafe()} before each effect, and hand {@link #fencingToken()} to the resource.
 * Only the resource can refuse an effect that was under way while this process stood still.
 *
 * <p>This class is thread-safe. Only {@link #extend} and {@link #close()} block.
 */
public final class HeldLease implements AutoCloseable {

    private final LeaseKey key;
    private final long fencingToken;
    private final boolean isRenewed;
    private final LeaseKeeper keeper;
    private final LeaseLife life;

    /**
     * The work under way. It is guarded by itself, and not together with the life of the lease. Work adds its use
     * before it asks whether the lease is safe, and a client that closes ends the lease before it asks whether the
     * lease is in use. So either the client sees the use, or the work sees the end.
     */
    private final Set<Use> uses = new HashSet<>();

    // Both are read and written by the heartbeat's thread alone.
    private long confirmedNanos;
    private long triedNanos;

    private volatile int waiting;
    private volatile boolean isLeft;

    HeldLease(LeaseKey key, LeaseLife life, boolean isRenewed, long sentNanos, LeaseKeeper keeper) {
        this.key = key;
        this.fencingToken = life.fencingToken();
        this.isRenewed = isRenewed;
        this.keeper = keeper;
        this.life = life;
        this.confirmedNanos = sentNanos;
        this.triedNanos = sentNanos;
    }

    /** Returns the stream. */
    public String streamId() {
        return key.streamId();
    }

    /**
     * Returns the number of the grant, from 1 to 2^53 - 1. It rises with every grant of the stream, for ever, and stays
     * the same across renewals. Send it with every write, and let the resource refuse a token lower than one it has
     * seen.
     */
    public long fencingToken() {
        return fencingToken;
    }

    /**
     * Returns whether the lease is safe at this moment. It is not safe any more once it is lost or closed. This method
     * may be the first to notice that no renewal was confirmed in time, and then reports the loss.
     */
    public boolean isSafe() {
        return life.isSafe();
    }

    /**
     * Returns until when the lease is safe if no renewal is confirmed any more, in nanoseconds of {@link
     * System#nanoTime()}. A renewal moves this moment on, and {@link #extend} can move it back. The value means nothing
     * once the lease is lost or closed.
     */
    public long safeUntilNanos() {
        return life.safeUntilNanos();
    }

    /** Returns how many others waited for the stream when the lease was last renewed; 0 before that. */
    public int waiting() {
        return waiting;
    }

    /** Returns how long the lease is safe from now on; zero if it is not. */
    public Duration safeFor() {
        return Duration.ofNanos(life.safeForNanos());
    }

    /**
     * Returns if the lease {@linkplain #isSafe() is safe}.
     *
     * @throws LeaseLostException if it is not
     */
    public void requireSafe() {
        if (!isSafe()) {
            throw over();
        }
    }

    /**
     * Makes the lease last so long from now on, whether that is longer or shorter than before. A lease that is renewed
     * has this length from now on. One that is not renewed ends after it. This blocks for one call, which is not
     * repeated.
     *
     * <p>The lease is safe for no longer than this length from the moment of the call, less its margin of a tenth. If
     * there is no usable answer, the lease may last as long as before, or as long as asked for. It stays safe for the
     * shorter of both, and this method may be called again. The request without an answer can still arrive much later.
     * So from then on, no renewal and no extension makes the lease safe for longer than the shortest length that an
     * extension has asked for. If the lease is lost then, {@link #close()} releases it in the background, because it
     * may last for much longer.
     *
     * @param length the length of the lease from now on, from 1 s to 24 h
     * @throws LeaseLostException if the lease is lost or closed, before or meanwhile
     * @throws CoordinatorUnavailableException if there was no usable answer
     * @throws CoordinatorRefusedException if the coordinator refused the call, for example because its longest ttl is
     *     shorter
     * @throws IllegalArgumentException if the length is out of its range
     */
    public void extend(Duration length) {
        keeper.extend(this, length);
    }

    /**
     * Calls back once if the lease is lost, at the end of its safe time at the latest, even while a renewal hangs. If
     * the lease is lost already, this calls back now. There is no call for a lease that is closed, unless the answer to
     * its {@linkplain #close() release} is a loss. Callbacks run on the client's callback executor. The log reports
     * what they throw.
     *
     * @param callback receives the loss
     */
    public void onLost(Consumer<LeaseLoss> callback) {
        onLost(callback, keeper.notices().callbackExecutor());
    }

    /**
     * Calls back as {@link #onLost(Consumer)} does, on another executor. Use it for a callback that must not wait
     * behind others.
     *
     * @param callback receives the loss
     * @param executor runs the callback, never in the thread that submits it; if it refuses, a new thread does
     */
    public void onLost(Consumer<LeaseLoss> callback, Executor executor) {
        life.onLost(callback, executor);
    }

    /** Returns the exception for callers that need the lease. */
    LeaseLostException over() {
        return new LeaseLostException(streamId(), loss());
    }

    /** Returns why the lease is lost; empty while it is not. */
    public Optional<LeaseLoss> loss() {
        return life.loss();
    }

    /**
     * Stops renewing the lease and releases it, so that others can have the stream at once. Closing again does nothing,
     * and neither does closing after {@link StreamLockClient#close()}. This method blocks for one call, whose outcome
     * is one of these:
     *
     * <ul>
     *   <li>The lease is released.
     *   <li>The lease was lost before. {@link #onLost} is called after all, because the work may have overlapped with
     *       the work of another worker.
     *   <li>There is no usable answer, as after a 503 or a broken connection. The log has a warning, and {@link
     *       StreamLockListener#releaseUnknown} is called. The client repeats the release in the background, with
     *       pauses, until the lease has run out by itself. The log reports that, too. Whether the lease was lost before
     *       stays unknown, because it may have ended later.
     * </ul>
     */
    @Override
    public void close() {
        keeper.release(List.of(this));
    }

    /**
     * Ends the lease for this process without a release: others can have the stream when the lease has run out by
     * itself, after what is left of its length. So work that must not begin again too soon can {@linkplain #extend set}
     * the time until then, and then leave the lease. The lease is neither renewed nor safe any more, nothing closes it,
     * and there is no loss. This also keeps {@link StreamLockClient#close()} from releasing the lease. Leaving a lease
     * that is lost or closed does nothing. This method does not block.
     */
    public void leaveToRunOut() {
        boolean closed = life.close();
        if (closed) {
            keeper.notices().tell(to -> to.leftToRunOut(streamId()));
        }
        // The holder of a lost lease may have to give it back. A client that closes must not release one that is left.
        isLeft |= closed || loss().isEmpty();
        keeper.forget(key);
    }

    /**
     * Declares that work under the lease begins on this thread. Until it ends, {@link StreamLockClient#close()} does
     * not release the lease, while {@link #close()} and {@link StreamLockClient#release} still do. Call {@link
     * #requireSafe()} after this method and before the work, because the client may be closed already. {@link
     * StreamLockClient#runWithLease} and sessions do this by themselves.
     *
     * @return the use; close it when the work has ended, on any thread
     */
    public Use use() {
        return new Use();
    }

    /** A piece of work under a lease. This class is thread-safe. */
    public final class Use implements AutoCloseable {

        private final Thread thread = Thread.currentThread();

        private Use() {
            synchronized (uses) {
                uses.add(this);
            }
        }

        /** Declares that the work has ended. Closing again does nothing. */
        @Override
        public void close() {
            synchronized (uses) {
                uses.remove(this);
            }
            keeper.workEnded();
        }
    }

    /** Returns whether work under the lease is under way. */
    boolean isInUse() {
        synchronized (uses) {
            return !uses.isEmpty();
        }
    }

    /** Returns whether work of this thread under the lease is under way. */
    boolean isUsedBy(Thread thread) {
        synchronized (uses) {
            return uses.stream().anyMatch(use -> use.thread == thread);
        }
    }

    LeaseLife life() {
        return life;
    }

    /** Returns whether the client renews the lease. */
    boolean isRenewed() {
        return isRenewed;
    }

    /** Returns whether the lease is left to run out, and must not be released. */
    boolean isLeft() {
        return isLeft;
    }

    LeaseKey key() {
        return key;
    }

    /** Returns when the latest confirmed renewal was sent. */
    long confirmedNanos() {
        return confirmedNanos;
    }

    /** Returns when the latest renewal was sent. */
    long triedNanos() {
        return triedNanos;
    }

    void tried(long nanos) {
        triedNanos = nanos;
    }

    void confirmed(long nanos) {
        confirmedNanos = nanos;
    }

    void othersWait(int count) {
        waiting = count;
    }

    /** Returns a text without the lease id, which is a secret. */
    @Override
    public String toString() {
        return "HeldLease[" + streamId() + ", fencingToken=" + fencingToken + "]";
    }
}
