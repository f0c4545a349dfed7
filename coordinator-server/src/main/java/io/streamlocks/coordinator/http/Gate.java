package io.streamlocks.coordinator.http;

import java.util.Optional;

/**
 * Which calls the server takes: none while it starts, and all once it is open. A server that stops takes all for a while, so
 * that load balancers notice and workers that stop with it can give back what they hold; then all but acquires, since what
 * is granted now would be used elsewhere. Thread-safe.
 */
public final class Gate {

    private static final String STORAGE = "The server is waiting for its storage. Try again.";

    private enum State {
        STARTING,
        OPEN,
        DRAINING,
        GRANTING_NOTHING,
        CLOSED
    }

    private volatile State state = State.STARTING;
    private volatile String waitsFor = STORAGE;

    /**
     * Says why the server takes no calls yet.
     *
     * @param what the storage lacks; everybody who asks sees it. Empty if the storage does not answer
     */
    public void waitFor(Optional<String> what) {
        waitsFor = what.orElse(STORAGE);
    }

    /** Takes calls from now on, unless the server is stopping already. */
    public synchronized void open() {
        if (state == State.STARTING) {
            state = State.OPEN;
        }
    }

    /**
     * Says from now on that this server is stopping, and takes calls nevertheless; a server that has taken none yet never
     * will.
     *
     * @return whether it takes calls, so that there is something to wait for
     */
    public synchronized boolean drain() {
        if (state == State.STARTING) {
            state = State.CLOSED;
        } else if (state == State.OPEN) {
            state = State.DRAINING;
        }
        return state != State.CLOSED;
    }

    /** Refuses acquires from now on, if it drains; all other calls are taken until the server has stopped. */
    public synchronized void grantNothing() {
        if (state == State.DRAINING) {
            state = State.GRANTING_NOTHING;
        }
    }

    /** Whether clients are to go elsewhere. */
    boolean isStopping() {
        return state.compareTo(State.DRAINING) >= 0;
    }

    /** Lets a call pass, or throws the problem to answer it with. */
    void check() {
        State now = state;
        if (now == State.STARTING) {
            throw new ProblemException(Problem.of(ProblemType.STORAGE_UNAVAILABLE, waitsFor));
        } else if (now == State.CLOSED) {
            throw new ProblemException(draining());
        }
    }

    /** The same for a call that asks for leases. */
    void checkAcquire() {
        check();
        if (state == State.GRANTING_NOTHING) {
            throw new ProblemException(draining());
        }
    }

    /** Lets a probe of readiness pass, or throws the problem to answer it with. */
    void checkReady() {
        check();
        if (isStopping()) {
            throw new ProblemException(draining());
        }
    }

    static Problem draining() {
        return Problem.of(ProblemType.DRAINING, "This server is stopping. Try again; another one may answer.");
    }
}
