package io.streamlocks.client.simulation;

import java.util.LinkedHashSet;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;

/**
 * The time of a simulation, and what happens in it. One thread at a time runs: that of the test, or a {@link
 * SimulatedThread} that has its turn until it blocks. A thread that blocks carries out the next events, until one of
 * them is the turn of a thread. Events at the same instant come in the order in which they were scheduled.
 */
final class Scheduler {

    static final long NEVER = Long.MAX_VALUE;

    /** An event: something to do, or the turn of a thread that is still in the same wait. */
    private record Event(long at, long order, SimulatedThread thread, long ticket, String name, Runnable action)
            implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at == other.at ? Long.compare(order, other.order) : Long.compare(at, other.at);
        }
    }

    private final Random random;
    private final Trace trace;
    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private final Set<SimulatedThread> threads = new LinkedHashSet<>();
    private final Semaphore testsTurn = new Semaphore(0);
    private long now;
    private long limit;
    private long order;
    private Throwable failure;

    Scheduler(long seed, Trace trace) {
        this.random = new Random(seed);
        this.trace = trace;
    }

    /** Returns the nanoseconds since the simulation began. */
    long now() {
        return now;
    }

    /** Returns the only source of chance. */
    Random random() {
        return random;
    }

    Trace trace() {
        return trace;
    }

    /** Ends the simulation, because a promise is broken. */
    void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /** Schedules something that does not block. */
    void after(long nanos, String name, Runnable action) {
        queue.add(new Event(now + nanos, order++, null, 0, name, action));
    }

    /**
     * Lets time pass, for the thread of the test.
     *
     * @param untilNanos the time at which this ends
     * @throws Throwable the reason, if the simulation fails
     */
    void runUntil(long untilNanos) throws Throwable {
        limit = untilNanos;
        SimulatedThread next = next();
        if (next != null) {
            next.giveTurn();
            testsTurn.acquire();
        }
        if (failure != null) {
            throw failure;
        }
        now = untilNanos;
    }

    /** Returns the threads that were started and have not ended. */
    Set<SimulatedThread> threads() {
        return threads;
    }

    void start(SimulatedThread thread) {
        threads.add(thread);
        thread.blocked = true;
        wake(thread);
    }

    /** Ends the calling thread. */
    void ended(SimulatedThread thread) {
        threads.remove(thread);
        pass(next());
    }

    /** Blocks the calling thread until it is woken, or until that time. It may also return for no reason. */
    void block(SimulatedThread self, long untilNanos) {
        self.ticket++;
        self.blocked = true;
        if (untilNanos != NEVER) {
            queue.add(new Event(Math.max(untilNanos, now), order++, self, self.ticket, self.getName(), null));
        }
        SimulatedThread next = next();
        if (next != self) {
            pass(next);
            self.awaitTurn();
        }
    }

    /** Gives a thread its turn soon, if it is blocked. */
    void wake(SimulatedThread thread) {
        if (thread.blocked && !thread.waking) {
            thread.waking = true;
            queue.add(new Event(now + wakeLatency(), order++, thread, thread.ticket, thread.getName(), null));
        }
    }

    private long wakeLatency() {
        return random.nextInt(100) < 97 ? random.nextInt(50_000) : random.nextInt(5_000_000);
    }

    private void pass(SimulatedThread next) {
        if (next == null) {
            testsTurn.release();
        } else {
            next.giveTurn();
        }
    }

    /** Carries out events until one of them is the turn of a thread. Returns null if it is the turn of the test. */
    private SimulatedThread next() {
        while (failure == null) {
            Event event = queue.peek();
            if (event == null || event.at > limit) {
                return null;
            }
            queue.remove();
            now = event.at;
            if (event.thread != null) {
                if (isTurn(event)) {
                    return event.thread;
                }
            } else {
                carryOut(event);
            }
        }
        return null;
    }

    private boolean isTurn(Event event) {
        SimulatedThread thread = event.thread;
        if (!thread.blocked || thread.ticket != event.ticket) {
            return false;
        }
        if (thread.process().isStopped()) {
            thread.process().onResume(() -> queue.add(new Event(now, order++, thread, event.ticket, event.name, null)));
            return false;
        }
        trace.step(now, event.name);
        thread.blocked = false;
        thread.waking = false;
        return true;
    }

    private void carryOut(Event event) {
        trace.step(now, event.name);
        try {
            event.action.run();
        } catch (Throwable e) {
            fail(e);
        }
    }
}
