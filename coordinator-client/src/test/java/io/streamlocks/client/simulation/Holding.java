package io.streamlocks.client.simulation;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLoss;
import io.streamlocks.client.LossReason;
import java.util.concurrent.TimeUnit;

/** A lease of a worker, and what must be true of it. */
final class Holding {

    /** How late a thread may be that does nothing else. */
    private static final long PROMPTLY = TimeUnit.MILLISECONDS.toNanos(40);

    private final SimulatedWorker worker;
    private final HeldLease lease;
    private final boolean inSession;
    private int lossesTold;
    private boolean over;
    private long lossSeenAt = -1;

    Holding(SimulatedWorker worker, HeldLease lease, boolean inSession) {
        this.worker = worker;
        this.lease = lease;
        this.inSession = inSession;
        lease.onLost(this::lost);
    }

    private void lost(LeaseLoss loss) {
        lossesTold++;
        worker.tell("receives the loss of", loss.streamId(), loss.fencingToken(), loss.reason());
        worker.require(lossesTold == 1, "a loss was told more than once");
        worker.require(!lease.isSafe(), "a lost lease is safe");
        worker.require(
                loss.reason() == LossReason.UNCONFIRMED
                        || !worker.holds(loss.streamId(), loss.fencingToken())
                        || worker.isUncertain(loss.fencingToken()),
                "a live lease was told to be over");
    }

    /** The holder stops using the lease: it closes the lease, or has seen its loss. */
    void end() {
        over = true;
    }

    boolean isOver() {
        return over;
    }

    HeldLease lease() {
        return lease;
    }

    /**
     * Checks the lease as a holder does before an effect. If it is safe, the storage must have it as live at that
     * instant.
     */
    boolean isSafe() {
        boolean safe = lease.isSafe();
        worker.require(
                !safe
                        || worker.holds(lease.streamId(), lease.fencingToken())
                        || worker.isBelievedInVain(lease.fencingToken()),
                "a worker believes in a lease that is not live");
        return safe;
    }

    /** Checks the lease from outside, without a call that could notice a loss. */
    void probe() {
        if (over) {
            return;
        }
        long late = worker.process().nanoTime() - lease.safeUntilNanos();
        boolean lost = lease.loss().isPresent();
        worker.require(
                lost || late < PROMPTLY || !worker.process().hasRunFor(PROMPTLY),
                "the client did not notice that the safe time of a lease is over");
        if (lost && lossSeenAt < 0) {
            lossSeenAt = worker.now();
        }
        if (lost && worker.now() - lossSeenAt > PROMPTLY && worker.process().hasRunFor(PROMPTLY)) {
            worker.require(lossesTold == 1, "a loss was not told");
            worker.require(!inSession, "a session goes on without its lease");
        }
    }

    /** Checks the lease when all is over. */
    void verifyToldOnce() {
        int losses = lease.loss().isPresent() ? 1 : 0;
        worker.require(lossesTold == losses, losses + " losses, of which " + lossesTold + " were told");
    }
}
