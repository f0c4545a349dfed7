package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.group.SimulatedGroupCommit;
import io.streamlocks.coordinator.lock.waiting.SimulatedWaitingRoom;
import io.streamlocks.coordinator.lock.waiting.WaitingRoom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A coordinator: group commit and a waiting room before the storage. A crash loses what is under way, except for effects
 * in the storage.
 */
final class SimulatedServer {

    /** A call that waits, and the time at which it arrived. */
    record Call(List<AcquireRequest> requests, long arrivedAt) {}

    private final SimulatedProcess process;
    private final SimulatedStorage storage;
    private SimulatedExecutor writers;
    private SimulatedExecutor looker;
    private Reports reports;
    private GroupCommit locks;
    private WaitingRoom room;
    private boolean up;
    private boolean draining;
    private int starts;

    /** The acquires that wait, or may come to wait, in the order of their arrival. */
    private final Map<CompletableFuture<List<AcquireOutcome>>, Call> waiting = new LinkedHashMap<>();

    /** Closes the connections of calls that wait. */
    private final List<Runnable> onCrash = new ArrayList<>();

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
            draining = false;
            int life = starts;
            writers = new SimulatedExecutor(process, "statement-" + starts);
            looker = new SimulatedExecutor(process, "look-" + starts);
            reports = new Reports(process.scheduler(), storage);
            ServerStorage own = new ServerStorage(storage, reports);
            locks = SimulatedGroupCommit.create(own, process::nanoTime, writers, (task, ms) -> process.scheduler()
                    .after(TimeUnit.MILLISECONDS.toNanos(ms), "try again", task));
            room = SimulatedWaitingRoom.create(
                    locks, own, looker, (task, ms) -> later(life, task, ms), process::nanoTime);
        }
    }

    /** Runs a task of a life of this server when its time has come and its threads can run. */
    private void later(int life, Runnable task, long ms) {
        long at = process.inNanos(TimeUnit.MILLISECONDS.toNanos(ms));
        process.scheduler().after(at - process.scheduler().now(), "timer", () -> runInLife(life, task));
    }

    private void runInLife(int life, Runnable task) {
        if (!up || starts != life) {
            return;
        }
        if (process.isStopped()) {
            process.onResume(() -> runInLife(life, task));
        } else {
            task.run();
        }
    }

    /**
     * Acquires leases, and waits for the first grant.
     *
     * @param onClosed is given what to run when the client has gone
     * @param onCrashed runs if this process crashes first
     */
    CompletableFuture<List<AcquireOutcome>> acquire(
            String caller,
            List<AcquireRequest> requests,
            Duration waits,
            Consumer<Runnable> onClosed,
            Runnable onCrashed) {
        onCrash.add(onCrashed);
        CompletableFuture<List<AcquireOutcome>> outcomes = room.acquire(caller, requests, waits, onClosed);
        waiting.put(outcomes, new Call(requests, process.scheduler().now()));
        process.scheduler()
                .trace()
                .tell(process.scheduler().now(), process.name(), "begins to wait for", caller, waits.toMillis());
        outcomes.whenComplete((decided, failure) -> {
            waiting.remove(outcomes);
            process.scheduler().trace().tell(process.scheduler().now(), process.name(), "ends a wait of", caller);
            onCrash.remove(onCrashed);
        });
        return outcomes;
    }

    /** Returns the calls that wait, or may come to wait. */
    List<Call> waiting() {
        return List.copyOf(waiting.values());
    }

    /** Returns whether it remembers nothing of any call that waited. */
    boolean isEmpty() {
        return SimulatedWaitingRoom.isEmpty(room);
    }

    void reportsMayBeLost() {
        reports.mayBeLost();
    }

    /** Ends the calls that wait, and lets no other call wait until the next start. */
    void drain() {
        if (up) {
            draining = true;
            room.drain();
        }
    }

    /** Brings it up, without what it was about to do. */
    void heal() {
        if (draining) {
            crash();
        }
        start();
    }

    void crash() {
        if (up) {
            up = false;
            reports.close();
            waiting.clear();
            locks.close();
            looker.shutdown();
            List.copyOf(onCrash).forEach(Runnable::run);
            onCrash.clear();
        }
    }
}
