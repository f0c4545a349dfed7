package io.streamlocks.client;

/**
 * Interrupts the thread that made it while that thread works under a lease, and never after: the thread may do
 * something else by then. Work under one lease may do work under another, of this client or of another. Then each has
 * its own.
 *
 * <p>All interruptions of a thread share one monitor. Under it, they are marked and the thread's flag is set and
 * cleared. An interruption that comes before the work of an inner one ends is found by its mark there: the inner one
 * clears the flag and sets it again afterwards. Only the work that a later interruption is for clears it.
 */
final class Interruption {

    private static final ThreadLocal<Interruption> INNERMOST = new ThreadLocal<>();

    private final Thread thread = Thread.currentThread();
    private final Interruption enclosing = INNERMOST.get();
    private final Object monitor = enclosing == null ? new Object() : enclosing.monitor;

    // Both are guarded by the monitor.
    private boolean ended;
    private boolean interrupted;

    private Interruption() {}

    /** Returns one for work that this thread begins. The thread must end it, and leave it after that. */
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

    /** The work has ended. Its interruption is withdrawn, and so is one of enclosing work until this is left. */
    void end() {
        synchronized (monitor) {
            ended = true;
            if (isInterrupted(this)) {
                // This may hide an interruption by another thread at the same time. The work still ends by the
                // exception that follows.
                Thread.interrupted();
            }
        }
    }

    /** Goes back to the enclosing work, and interrupts it again if it, or work around it, was interrupted. */
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
