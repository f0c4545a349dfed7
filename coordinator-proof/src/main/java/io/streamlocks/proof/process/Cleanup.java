package io.streamlocks.proof.process;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what a run has started, the latest first. One thread may start things while another one closes them. */
public final class Cleanup implements AutoCloseable {

    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private boolean closed;

    /**
     * Remembers something for the end of the run, and returns it.
     *
     * @throws IllegalStateException if the run is ending; it is closed then
     */
    public <T extends AutoCloseable> T closeLater(T closeable) {
        boolean tooLate;
        synchronized (toClose) {
            tooLate = closed;
            toClose.push(closeable);
        }
        if (tooLate) {
            close();
            throw new IllegalStateException("The run is ending");
        }
        return closeable;
    }

    /** Closes everything. Prints what cannot be closed, and continues. */
    @Override
    public void close() {
        synchronized (toClose) {
            closed = true;
            while (!toClose.isEmpty()) {
                try {
                    toClose.pop().close();
                } catch (Exception e) {
                    System.err.println("Could not clean up: " + e);
                }
            }
        }
    }
}
