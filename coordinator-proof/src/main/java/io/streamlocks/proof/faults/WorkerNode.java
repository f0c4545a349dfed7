package io.streamlocks.proof.faults;

import io.streamlocks.proof.process.Child;
import io.streamlocks.proof.process.Link;
import java.io.IOException;
import java.util.List;

/** A worker, process after process, and its ways to the coordinators. */
final class WorkerNode implements AutoCloseable {

    /** Makes the next process of a worker. */
    interface Maker {
        Child make(WorkerNode worker) throws IOException;
    }

    private final int number;
    private final List<Link> toCoordinators;
    private final Maker makes;
    private int starts;
    private Child process;
    private boolean closed;

    WorkerNode(int number, List<Link> toCoordinators, Maker makes) {
        this.number = number;
        this.toCoordinators = toCoordinators;
        this.makes = makes;
    }

    /** Starts a process that is not there; it is another owner than the one before. */
    synchronized void start() throws IOException {
        if (closed) {
            throw new IllegalStateException("The run is ending");
        }
        starts++;
        process = makes.make(this);
        process.start();
    }

    int number() {
        return number;
    }

    /** The owner id of the present process. */
    synchronized String owner() {
        return "w" + number + "." + starts;
    }

    synchronized Child process() {
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
