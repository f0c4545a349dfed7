package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.group.SimulatedGroupCommit;
import java.util.concurrent.TimeUnit;

/**
 * A coordinator: group commit before the storage. A crash loses what is under way, except for effects in the storage.
 */
final class SimulatedServer {

    private final SimulatedProcess process;
    private final SimulatedStorage storage;
    private SimulatedExecutor writers;
    private GroupCommit locks;
    private boolean up;
    private int starts;

    SimulatedServer(SimulatedProcess process, SimulatedStorage storage) {
        this.process = process;
        this.storage = storage;
        start();
    }

    SimulatedProcess process() {
        return process;
    }

    GroupCommit locks() {
        return locks;
    }

    boolean isUp() {
        return up;
    }

    /** Returns how often it was started. A response of an earlier process never arrives. */
    int starts() {
        return starts;
    }

    void start() {
        if (!up) {
            starts++;
            up = true;
            writers = new SimulatedExecutor(process, "statement-" + starts);
            locks = SimulatedGroupCommit.create(storage, process::nanoTime, writers, (task, ms) -> process.scheduler()
                    .after(TimeUnit.MILLISECONDS.toNanos(ms), "try again", task));
        }
    }

    void crash() {
        if (up) {
            up = false;
            locks.close();
        }
    }
}
