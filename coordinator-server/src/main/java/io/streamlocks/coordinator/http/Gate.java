package io.streamlocks.coordinator.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Decides which calls the server accepts: none while it starts, and all once it is open. A server that stops accepts
 * all calls for a while, so that load balancers notice and workers that stop with it can release their leases. It then
 * refuses acquires, because a lease granted now would be used with another server. This class is thread-safe.
 */
public final class Gate {

    /** How long a stopping server still accepts all calls except acquires. */
    private static final Duration GRANTS_NOTHING = Duration.ofSeconds(1);

    private static final String STORAGE = "The server is waiting for its storage. Try again.";

    private enum State {
        STARTING,
        OPEN,
        DRAINING,
        GRANTING_NOTHING,
        CLOSED
    }

    private volatile Runnable onDraining = () -> {};
    private volatile State state = State.STARTING;
    private volatile String waitsFor = STORAGE;

    /**
     * Sets why the server does not accept calls yet.
     *
     * @param what the storage lacks, which callers see; empty if the storage does not respond
     */
    public void waitFor(Optional<String> what) {
        waitsFor = what.orElse(STORAGE);
    }

    /** Sets what runs when the server begins to drain. It must not block. */
    void onDraining(Runnable action) {
        onDraining = action;
    }

    /** Accepts calls from now on, unless the server is stopping already. */
    public synchronized void open() {
        if (state == State.STARTING) {
            state = State.OPEN;
        }
    }

    /**
     * Drains the server. For some time it accepts all calls, but it is not ready, and it asks clients to connect again.
     * Then it rejects acquires for a second, or for the same time if that is shorter. This method blocks meanwhile. It
     * returns at once if the server has not accepted calls yet. If its thread is interrupted, it returns at once too,
     * and the server may still grant leases.
     *
     * @param time how long the server still accepts all calls
     */
    public void drain(Duration time) {
        if (!beginDraining()) {
            return;
        }
        // Calls that wait would otherwise wait for as long as the server drains, and be ended by its stop.
        onDraining.run();
        try {
            // These pauses have a fixed length because load balancers do not report that they have switched.
            TimeUnit.NANOSECONDS.sleep(time.toNanos());
            grantNothing();
            TimeUnit.NANOSECONDS.sleep(Math.min(time.toNanos(), GRANTS_NOTHING.toNanos()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Announces from now on that this server is stopping, and still accepts calls. A server that has not accepted calls
     * yet never will.
     *
     * @return whether it accepts calls, so that there is something to wait for
     */
    synchronized boolean beginDraining() {
        if (state == State.STARTING) {
            state = State.CLOSED;
        } else if (state == State.OPEN) {
            state = State.DRAINING;
        }
        return state != State.CLOSED;
    }

    /** Refuses acquires from now on, if the server drains. All other calls are accepted until it has stopped. */
    synchronized void grantNothing() {
        if (state == State.DRAINING) {
            state = State.GRANTING_NOTHING;
        }
    }

    /** Returns whether clients should use another server. */
    boolean isStopping() {
        return state.compareTo(State.DRAINING) >= 0;
    }

    /** Lets a call pass, or throws the problem with which to refuse it. */
    void check() {
        State now = state;
        if (now == State.STARTING) {
            throw new ProblemException(Problem.of(ProblemType.STORAGE_UNAVAILABLE, waitsFor));
        } else if (now == State.CLOSED) {
            throw new ProblemException(draining());
        }
    }

    /** Lets an acquire pass, or throws the problem with which to refuse it. */
    void checkAcquire() {
        check();
        if (state == State.GRANTING_NOTHING) {
            throw new ProblemException(draining());
        }
    }

    /** Lets a probe of readiness pass, or throws the problem with which to refuse it. */
    void checkReady() {
        check();
        if (isStopping()) {
            throw new ProblemException(draining());
        }
    }

    static Problem draining() {
        return Problem.of(ProblemType.DRAINING, "This server is stopping. Try again; another server may respond.");
    }
}
