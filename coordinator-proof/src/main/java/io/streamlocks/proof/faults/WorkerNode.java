package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Link;
import java.io.IOException;
import java.util.List;

/** A worker, which has one process after the other, and its links to the coordinators. This class is thread-safe. */
final class WorkerNode implements AutoCloseable {

    /** Makes the next process of a worker. */
    interface Maker {
        ChildProcess make(WorkerNode worker) throws IOException;
    }

    private final int number;
    private final List<Link> toCoordinators;
    private final Maker maker;

    // All of these are guarded by this.
    private int starts;
    private ChildProcess process;
    private boolean closed;

    WorkerNode(int number, List<Link> toCoordinators, Maker maker) {
        this.number = number;
        this.toCoordinators = toCoordinators;
        this.maker = maker;
    }

    /** Starts the next process. It has another owner id than the process before. */
    synchronized void start() throws IOException {
        if (closed) {
            throw new IllegalStateException("The run is ending");
        }
        starts++;
        process = maker.make(this);
        process.start();
    }

    int number() {
        return number;
    }

    /** Returns the owner id of the present process. */
    synchronized String owner() {
        return "w" + number + "." + starts;
    }

    synchronized ChildProcess process() {
        return process;
    }

    List<Link> toCoordinators() {
        return toCoordinators;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (process != null) {
            process.close();
        }
    }
}
