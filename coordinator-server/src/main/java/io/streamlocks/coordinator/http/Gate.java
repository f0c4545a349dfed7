package io.streamlocks.coordinator.http;

/**
 * Whether the server takes calls: closed while it starts, open, or draining while it stops. Thread-safe.
 */
public final class Gate {

    private enum State {
        STARTING,
        OPEN,
        DRAINING
    }

    private volatile State state = State.STARTING;
    private volatile String waitsFor = "The server is waiting for its storage. Try again.";

    /**
     * Says why the server takes no calls yet.
     *
     * @param what the storage lacks; told to everybody who asks
     */
    public void waitFor(String what) {
        waitsFor = what;
    }

    /** Takes calls from now on, unless the server is draining already. */
    public synchronized void open() {
        if (state == State.STARTING) {
            state = State.OPEN;
        }
    }

    /** Refuses new calls from now on. Calls under way are not touched. */
    public synchronized void drain() {
        state = State.DRAINING;
    }

    /** Lets a call pass, or throws the problem to answer it with. */
    void check() {
        switch (state) {
            case OPEN -> {}
            case STARTING -> throw new ProblemException(Problem.of(ProblemType.STORAGE_UNAVAILABLE, waitsFor));
            case DRAINING -> throw new ProblemException(draining());
        }
    }

    static Problem draining() {
        return Problem.of(ProblemType.DRAINING, "This server is stopping. Try again; another one may answer.");
    }
}
