package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The right to process a stream, kept alive in the background until it is closed or lost. Get one from {@link
 * StreamLockClient#tryAcquire}.
 *
 * <p>A lease is <em>safe</em> until a fixed moment on this process' monotonic clock, before the lease can end for the
 * coordinator, whatever its clock says; each confirmed renewal moves the moment on. Past it nothing may be done in the
 * name of the lease: ask {@link #isSafe()} or {@link #requireSafe()} before each effect, and hand {@link
 * #fencingToken()} to the resource, which alone can refuse an effect that was under way while this process stood still.
 *
 * <p>Thread-safe. Only {@link #close()} blocks.
 */
public final class HeldLease implements AutoCloseable {

    private final LeaseKey key;
    private final long fencingToken;
    private final LeaseKeeper keeper;

    // The lists, the set, the state and the loss are guarded by this.
    private final LeaseState state;
    private final List<Callback> callbacks = new ArrayList<>();
    private final List<Runnable> reflexes = new ArrayList<>();
    private final Set<Use> uses = new HashSet<>();
    private LeaseLoss loss;
    private boolean taken;

    /** When the latest confirmed renewal was sent, and the latest one tried; for the heartbeat, on its thread alone. */
    private long confirmedNanos;

    private long triedNanos;

    private record Callback(Consumer<LeaseLoss> call, Executor executor) {}

    HeldLease(LeaseKey key, long fencingToken, long sentNanos, long safeUntilNanos, LeaseKeeper keeper) {
        this.key = key;
        this.fencingToken = fencingToken;
        this.keeper = keeper;
        this.state = new LeaseState(safeUntilNanos);
        this.confirmedNanos = sentNanos;
        this.triedNanos = sentNanos;
    }

    /** The stream. */
    public String streamId() {
        return key.streamId();
    }

    /**
     * Rises with every grant of the stream, for ever, and stays the same across renewals; from 1 to 2^53 - 1. Send it
     * with every write, and let the resource refuse a token lower than one it has seen.
     */
    public long fencingToken() {
        return fencingToken;
    }

    /**
     * Whether the lease may be relied on at this moment. False once it is lost or closed; that it was not confirmed in
     * time is a loss that this may be the first to notice.
     */
    public boolean isSafe() {
        feed(new BeatOutcome.Unknown());
        synchronized (this) {
            return state.isSafe(keeper.nanoTime());
        }
    }

    /**
     * Until when the lease is safe if no renewal is confirmed any more, in nanoseconds of {@link System#nanoTime()}. Of
     * no meaning once the lease is lost or closed.
     */
    public synchronized long safeUntilNanos() {
        return state.safeUntilNanos();
    }

    /** How long the lease is safe from now on; zero if it is not. */
    public synchronized Duration safeFor() {
        long now = keeper.nanoTime();
        return state.isSafe(now) ? Duration.ofNanos(state.safeUntilNanos() - now) : Duration.ZERO;
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
     * Calls back once if the lease is lost, at the end of its safe time at the latest, even while the renewal hangs. Not
     * called for a lease that is closed, unless its {@linkplain #close() release} tells of a loss. If it is lost already,
     * calls back now. Callbacks run on the client's callback executor; what they throw is logged.
     *
     * @param callback told of the loss
     */
    public void onLost(Consumer<LeaseLoss> callback) {
        onLost(callback, keeper.callbackExecutor());
    }

    /**
     * As {@link #onLost(Consumer)}, on an executor of your own: for what must not wait behind other callbacks.
     *
     * @param callback told of the loss
     * @param executor runs it, never in the thread that submits; if it refuses, a new thread does
     */
    public void onLost(Consumer<LeaseLoss> callback, Executor executor) {
        Callback added = new Callback(Objects.requireNonNull(callback, "callback"), Objects.requireNonNull(executor));
        LeaseLoss already;
        synchronized (this) {
            already = loss;
            if (already == null) {
                callbacks.add(added);
            }
        }
        if (already != null) {
            keeper.callBack(added.call(), added.executor(), already);
        }
    }

    /**
     * Runs this once if the lease is lost, or closed because its client is; at once, and on the thread that notices. For
     * our own acts, which never block and never throw.
     */
    void onTaken(Runnable reflex) {
        boolean already;
        synchronized (this) {
            already = taken;
            if (!already) {
                reflexes.add(reflex);
            }
        }
        if (already) {
            reflex.run();
        }
    }

    /** What to throw at those who need the lease. */
    LeaseLostException over() {
        return new LeaseLostException(
                streamId(), loss().map(why -> "lost, " + why.reason()).orElse("closed"));
    }

    /** Why the lease is lost; empty while it is not. */
    public synchronized Optional<LeaseLoss> loss() {
        return Optional.ofNullable(loss);
    }

    /**
     * Stops renewing the lease and releases it, so that others can have the stream at once. Blocks for one call. If
     * that has no usable answer, as after a 503 or a connection that was refused or broke, the log has a warning and {@link
     * StreamLockListener#releaseUnknown} is called, and it is tried again in the background, with pauses, until the lease
     * has run out by itself, which is logged, too. Whether it was lost before stays unknown then, since it may have
     * ended after. If the answer is that the lease was lost before, {@link #onLost} is called after all: the work may have
     * overlapped with another's. Closing again does nothing, and neither does closing after
     * {@link StreamLockClient#close()}.
     */
    @Override
    public void close() {
        boolean closed;
        synchronized (this) {
            closed = state.close();
        }
        if (closed) {
            keeper.release(List.of(this));
        }
    }

    /**
     * Says that work under the lease begins on this thread. Until that has ended, {@link StreamLockClient#close()} does not
     * release the lease, as is told there; {@link #close()} and {@link StreamLockClient#release} release it all the same.
     * Call {@link #requireSafe()} after this and before the work, since the client may be closed already. {@link
     * StreamLockClient#runWithLease} and sessions do this by themselves.
     *
     * @return close it when the work has ended, on any thread
     */
    public Use use() {
        return new Use();
    }

    /** A piece of work under a lease. Thread-safe. */
    public final class Use implements AutoCloseable {

        private final Thread thread = Thread.currentThread();

        private Use() {
            synchronized (HeldLease.this) {
                uses.add(this);
            }
        }

        /** The work has ended. Closing again does nothing. */
        @Override
        public void close() {
            synchronized (HeldLease.this) {
                uses.remove(this);
            }
            keeper.workEnded();
        }
    }

    /** Whether work under it is under way. */
    synchronized boolean isInUse() {
        return !uses.isEmpty();
    }

    /** Whether that is work of this thread. */
    synchronized boolean isUsedBy(Thread thread) {
        return uses.stream().anyMatch(use -> use.thread == thread);
    }

    /** Takes in an outcome and tells of the loss, if that is one. */
    void feed(BeatOutcome outcome) {
        boolean lost;
        synchronized (this) {
            Optional<LossReason> reason = state.feed(outcome, keeper.nanoTime());
            lost = reason.isPresent();
            reason.ifPresent(why -> loss = new LeaseLoss(
                    streamId(),
                    fencingToken,
                    why,
                    outcome instanceof BeatOutcome.Lost told ? told.breakReason() : Optional.empty()));
            taken |= lost;
        }
        if (lost) {
            tellLoss();
        }
    }

    /** The release was answered with a loss. */
    void lostBeforeRelease(LossReason reason) {
        synchronized (this) {
            if (loss != null) {
                return;
            }
            loss = new LeaseLoss(streamId(), fencingToken, reason, Optional.empty());
        }
        tellLoss();
    }

    /** Closes the lease without a call. Returns whether that ended it. */
    synchronized boolean endQuietly() {
        return state.close();
    }

    /** As {@link #endQuietly}, by the will of the client and not of the holder, whose work must stop. */
    boolean take() {
        List<Runnable> atOnce;
        synchronized (this) {
            if (!state.close()) {
                return false;
            }
            taken = true;
            atOnce = List.copyOf(reflexes);
        }
        atOnce.forEach(Runnable::run);
        return true;
    }

    /** Whether the lease is lost, or closed because its client is. */
    synchronized boolean isTaken() {
        return taken;
    }

    private void tellLoss() {
        LeaseLoss told;
        List<Runnable> atOnce;
        List<Callback> later;
        synchronized (this) {
            told = loss;
            // A lease that its holder closed is not worked under any more.
            atOnce = taken ? List.copyOf(reflexes) : List.of();
            later = List.copyOf(callbacks);
        }
        keeper.forget(this);
        atOnce.forEach(Runnable::run);
        // The listener comes last, since it could take its time.
        later.forEach(callback -> keeper.callBack(callback.call(), callback.executor(), told));
        keeper.tellLoss(told);
    }

    LeaseKey key() {
        return key;
    }

    long confirmedNanos() {
        return confirmedNanos;
    }

    long triedNanos() {
        return triedNanos;
    }

    void tried(long nanos) {
        triedNanos = nanos;
    }

    void confirmed(long nanos) {
        confirmedNanos = nanos;
    }

    /** Without the lease id, which is a secret. */
    @Override
    public String toString() {
        return "HeldLease[" + streamId() + ", fencingToken=" + fencingToken + "]";
    }
}
