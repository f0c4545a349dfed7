package io.streamlocks.client;

import io.streamlocks.client.LeaseLength.Sending;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The life of a lease: it is safe, and then it is lost or closed, once and for good. This also makes the calls that
 * follow from a loss.
 *
 * <p>Every change is made under this object's monitor, and no call is made under it: a callback may ask for the lease.
 * The first outcome that ends the lease sets the loss, so only one thread reports it. A callback that is added at the
 * same moment is either in the list when that thread copies it, or finds the loss and is called by the thread that adds
 * it.
 *
 * <p>This class is thread-safe.
 */
final class LeaseLife {

    private final LeaseCalls.LeaseKey key;
    private final long fencingToken;
    private final LeaseKeeper keeper;

    // All of these are guarded by this.
    private final LeaseState state;
    private final LeaseLength length;
    private final List<Callback> callbacks = new ArrayList<>();
    private final List<Runnable> reflexes = new ArrayList<>();
    private @Nullable LeaseLoss loss;
    private boolean taken;
    private boolean isGivenBack;

    private record Callback(Consumer<LeaseLoss> call, Executor executor) {}

    LeaseLife(LeaseCalls.LeaseKey key, long fencingToken, Duration length, long safeUntilNanos, LeaseKeeper keeper) {
        this.key = key;
        this.fencingToken = fencingToken;
        this.keeper = keeper;
        this.state = new LeaseState(safeUntilNanos);
        this.length = new LeaseLength(length);
    }

    long fencingToken() {
        return fencingToken;
    }

    /** Returns whether the lease is safe now. This may be the first to notice that it is not any more. */
    boolean isSafe() {
        feed(new BeatOutcome.Unknown());
        synchronized (this) {
            return state.isSafe(keeper.nanoTime());
        }
    }

    synchronized long safeUntilNanos() {
        return state.safeUntilNanos();
    }

    /** Returns how long the lease is still safe; 0 if it is not. */
    synchronized long safeForNanos() {
        long now = keeper.nanoTime();
        return state.isSafe(now) ? state.safeUntilNanos() - now : 0;
    }

    /** Returns why the lease is lost; empty while it is not. */
    synchronized Optional<LeaseLoss> loss() {
        return Optional.ofNullable(loss);
    }

    /** Returns whether the lease is lost, or closed because its client is. */
    synchronized boolean isTaken() {
        return taken;
    }

    /** Calls back once if the lease is lost; at once if it is lost already. */
    void onLost(Consumer<LeaseLoss> callback, Executor executor) {
        Callback added = new Callback(Objects.requireNonNull(callback, "callback"), Objects.requireNonNull(executor));
        LeaseLoss already;
        synchronized (this) {
            already = loss;
            if (already == null) {
                callbacks.add(added);
            }
        }
        if (already != null) {
            keeper.notices().callBack(added.call(), added.executor(), already);
        }
    }

    /**
     * Runs this once if the lease is lost, or closed because its client is. It runs at once, on the thread that
     * notices. It is for acts of the client itself, which never block and never throw.
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

    /** Takes note that a renewal is sent. */
    synchronized Sending renews() {
        return length.renews();
    }

    /**
     * Takes note that an extension is sent. The coordinator may carry it out at any time from now on, so the lease is
     * safe for no longer than the extension makes it.
     *
     * @return empty if the lease is not safe, and nothing may be sent
     */
    synchronized Optional<Sending> extend(Duration asked, long sentNanos) {
        if (!state.isSafe(keeper.nanoTime())) {
            return Optional.empty();
        }
        state.limit(Timing.safeUntil(sentNanos, asked, asked));
        return Optional.of(length.extend(asked));
    }

    /** Takes note that an extension is over. */
    synchronized void extended(Sending sending, Duration asked, boolean isConfirmed) {
        length.extended(sending, asked, isConfirmed);
    }

    /**
     * Takes in that a renewal or an extension is confirmed.
     *
     * @return whether the lease is safe for less long than before
     */
    boolean confirmed(Sending sending, long sentNanos, Duration expiresIn) {
        boolean lost;
        boolean shorter;
        synchronized (this) {
            // This and the moment must change together. An extension that began in between would be overlooked.
            Duration counts = length.bounded(sending, expiresIn);
            long untilNanos = Timing.safeUntil(sentNanos, counts, counts);
            long beforeNanos = state.safeUntilNanos();
            length.confirmed(sending, expiresIn);
            if (length.isAlone(sending)) {
                // A fail-over can lose an extension. Then the lease ends earlier than the extension said.
                state.limit(untilNanos);
            }
            shorter = state.safeUntilNanos() - beforeNanos < 0;
            lost = isLostBy(new BeatOutcome.Renewed(untilNanos));
        }
        tellLossIf(lost);
        return shorter;
    }

    /** Returns the length by which the lease must be renewed. */
    synchronized Duration shortestLength() {
        return length.shortest();
    }

    /** Returns the longest length that the lease can have had. */
    synchronized Duration longestLength() {
        return length.longest();
    }

    /** Takes in an outcome, and reports the loss if the outcome is one. */
    void feed(BeatOutcome outcome) {
        boolean lost;
        synchronized (this) {
            lost = isLostBy(outcome);
        }
        tellLossIf(lost);
    }

    private boolean isLostBy(BeatOutcome outcome) {
        Optional<LossReason> reason = state.feed(outcome, keeper.nanoTime());
        reason.ifPresent(why -> loss = new LeaseLoss(
                key.streamId(),
                fencingToken,
                why,
                outcome instanceof BeatOutcome.Lost told ? told.breakReason() : Optional.empty()));
        taken |= reason.isPresent();
        return reason.isPresent();
    }

    /** Takes in that the answer to the release was a loss. */
    void lostBeforeRelease(LossReason reason) {
        synchronized (this) {
            if (loss != null) {
                return;
            }
            loss = new LeaseLoss(key.streamId(), fencingToken, reason, Optional.empty());
        }
        tellLoss();
    }

    /** Closes the lease by its holder's will, without a call. Returns whether that ended it. */
    synchronized boolean close() {
        return state.close();
    }

    /**
     * Returns whether the holder that closes this lost lease must release it after all, because an extension may have
     * made it last for long. It returns so once.
     */
    synchronized boolean givesBack() {
        boolean lasts = loss != null && loss.reason() == LossReason.UNCONFIRMED && length.isExtended();
        boolean first = lasts && !isGivenBack;
        isGivenBack |= lasts;
        return first;
    }

    /** Closes the lease by its client's will, so that the holder's work must stop. Returns whether that ended it. */
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

    private void tellLossIf(boolean lost) {
        if (lost) {
            tellLoss();
        }
    }

    private void tellLoss() {
        LeaseLoss told;
        List<Runnable> atOnce;
        List<Callback> later;
        synchronized (this) {
            told = Objects.requireNonNull(loss);
            // The work under a lease that its holder closed is over, so there is nothing to stop.
            atOnce = taken ? List.copyOf(reflexes) : List.of();
            later = List.copyOf(callbacks);
        }
        keeper.forget(key);
        atOnce.forEach(Runnable::run);
        // The listener comes last, because it may take its time.
        later.forEach(callback -> keeper.notices().callBack(callback.call(), callback.executor(), told));
        keeper.notices().tellLoss(told);
    }
}
