package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** A waiting room with the clock and the threads of a simulation. */
public final class SimulatedWaitingRoom {

    /** How often a server looks at all streams that callers wait for, in milliseconds. */
    public static final int LOOK_MS = AwaitedStreams.LOOK_MS;

    private SimulatedWaitingRoom() {}

    /**
     * Creates it.
     *
     * @param locks carries out the changes
     * @param storage the backend behind it, with the reports of its hand-overs
     * @param looker runs the looks at awaited streams
     * @param delay runs a task after a number of milliseconds
     * @param nanoTime the clock for the waits of calls
     */
    public static WaitingRoom create(
            GroupCommit locks,
            LockManager storage,
            Executor looker,
            BiConsumer<Runnable, Long> delay,
            LongSupplier nanoTime) {
        return new WaitingRoom(
                locks,
                storage,
                storage.handOvers(),
                OptionalInt.empty(),
                WaitObserver.NONE,
                looker,
                delay::accept,
                nanoTime);
    }

    /** Returns whether the room remembers nothing of any call. */
    public static boolean isEmpty(WaitingRoom room) {
        return room.isEmpty();
    }
}
