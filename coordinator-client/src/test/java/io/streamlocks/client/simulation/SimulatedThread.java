package io.streamlocks.client.simulation;

import java.util.concurrent.locks.LockSupport;

/** A thread of a simulated process. It runs when it has its turn, and waits only by its {@link Scheduler}. */
final class SimulatedThread extends Thread {

    private final SimulatedProcess process;
    private final Scheduler scheduler;

    // These belong to the scheduler: whether the thread waits, the number of the wait, and whether that is about to
    // end.
    boolean blocked;
    long ticket;
    boolean waking;

    private boolean permit;
    private boolean interruptPending;
    private boolean launched;
    private volatile boolean hasTurn;

    SimulatedThread(SimulatedProcess process, String name, Runnable body) {
        super(null, body, process.name() + " " + name);
        this.process = process;
        this.scheduler = process.scheduler();
        setDaemon(true);
    }

    static SimulatedThread current() {
        return (SimulatedThread) Thread.currentThread();
    }

    SimulatedProcess process() {
        return process;
    }

    @Override
    public void start() {
        scheduler.start(this);
    }

    /** Gives the turn to this thread. The thread that has the turn calls this. */
    void giveTurn() {
        hasTurn = true;
        if (launched) {
            LockSupport.unpark(this);
        } else {
            launched = true;
            super.start();
        }
    }

    void awaitTurn() {
        while (!hasTurn) {
            LockSupport.park(this);
        }
        hasTurn = false;
    }

    @Override
    public void run() {
        awaitTurn();
        try {
            super.run();
        } catch (Throwable e) {
            scheduler.fail(new AssertionError("The thread " + getName() + " died", e));
        } finally {
            scheduler.ended(this);
        }
    }

    /** Ends the wait of a thread that waits; otherwise this sets the JVM's flag, as usual. */
    @Override
    public void interrupt() {
        if (this == Thread.currentThread()) {
            super.interrupt();
        } else {
            interruptPending = true;
            scheduler.wake(this);
        }
    }

    /**
     * Blocks until that time, or until the thread is woken or interrupted. After an interruption the JVM's flag is set.
     */
    void block(long untilNanos) {
        // A set flag would keep the thread from sleeping while it waits for its turn.
        boolean interrupted = Thread.interrupted();
        if (!interruptPending) {
            scheduler.block(this, untilNanos);
        }
        if (interrupted || interruptPending) {
            interruptPending = false;
            super.interrupt();
        }
    }

    /** Parks as {@link LockSupport#park()} does, with a time-out. */
    void park(long untilNanos) {
        if (!permit && !isInterrupted()) {
            block(untilNanos);
        }
        permit = false;
    }

    void unpark() {
        permit = true;
        scheduler.wake(this);
    }

    /** Sleeps as {@link Thread#sleep} does. */
    void sleepUntil(long nanos) throws InterruptedException {
        while (scheduler.now() < nanos) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            block(nanos);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
