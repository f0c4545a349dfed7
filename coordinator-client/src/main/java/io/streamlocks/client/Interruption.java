package io.streamlocks.client;

/**
 * Interrupts the thread that made it while that works under a lease, and never after: it may be somebody else's by then.
 * Work under one lease may do work under another, of this client or of another; then each has its own.
 *
 * <p>All those of a thread share one monitor, under which they are marked and the thread's flag is set and cleared. So an
 * interruption comes either before the work of an inner one ends, which then finds the mark, clears the flag and sets it
 * again after; or it comes after, and nobody clears it any more but the work that it is for.
 */
final class Interruption {

    private static final ThreadLocal<Interruption> INNERMOST = new ThreadLocal<>();

    private final Thread thread = Thread.currentThread();
    private final Interruption enclosing = INNERMOST.get();
    private final Object monitor = enclosing == null ? new Object() : enclosing.monitor;

    // Both guarded by the monitor.
    private boolean ended;
    private boolean interrupted;

    private Interruption() {}

    /** For work that this thread begins. It is to be ended, and left after that. */
    static Interruption begin() {
        Interruption begun = new Interruption();
        INNERMOST.set(begun);
        return begun;
    }

    /** Interrupts the work, if it goes on. */
    void interrupt() {
        synchronized (monitor) {
            if (!ended) {
                interrupted = true;
                thread.interrupt();
            }
        }
    }

    /** The work has ended: the interruption has served, and so has one of enclosing work until this is left. */
    void end() {
        synchronized (monitor) {
            ended = true;
            if (isInterrupted(this)) {
                // It may hide an interruption by somebody else at the same time; the exception that follows ends the
                // work
                // all the same.
                Thread.interrupted();
            }
        }
    }

    /** Goes back to the enclosing work. If that, or work around it, was interrupted, it is interrupted again. */
    void leave() {
        if (enclosing == null) {
            INNERMOST.remove();
            return;
        }
        INNERMOST.set(enclosing);
        synchronized (monitor) {
            if (isInterrupted(enclosing)) {
                thread.interrupt();
            }
        }
    }

    private static boolean isInterrupted(Interruption innermost) {
        for (Interruption one = innermost; one != null; one = one.enclosing) {
            if (one.interrupted) {
                return true;
            }
        }
        return false;
    }
}
