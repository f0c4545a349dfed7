package io.streamlocks.proof.publishing;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Link;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A worker process with its own link to the coordinator, and the faults that this run injects. This class is
 * thread-safe.
 */
final class DisturbedWorker implements AutoCloseable {

    private static final Duration STOP = Duration.ofSeconds(30);

    /** How often one of the workers leaves or joins, as a rule. */
    private static final Duration CHANGE = Duration.ofSeconds(10);

    /** A worker of four does one of two things, so that there is a change as often as that. */
    private static final int CHANGES_PER_TURN = 4;

    private final ChildProcess process;
    private final Link link;
    private final Duration ttl;
    private final Random random;

    // All of these are guarded by this.
    private boolean endedByItself;
    private int kills;
    private int suspensions;
    private int cuts;
    private int leaves;
    private boolean leftOutOfOrder;

    DisturbedWorker(ChildProcess process, Link link, Duration ttl, long seed) {
        this.process = process;
        this.link = link;
        this.ttl = ttl;
        this.random = new Random(seed);
    }

    void start() throws IOException {
        process.start();
    }

    /**
     * Lets the worker work and injects a fault, in turns. Returns when it is interrupted, and leaves the worker
     * working.
     */
    void disturb() throws IOException {
        try {
            while (true) {
                sleepTtls(1, 3);
                switch (random.nextInt(4)) {
                    case 0 -> kill();
                    case 1 -> suspend();
                    case 2 -> cut(Link.State.SILENT);
                    default -> cut(Link.State.RESET);
                }
            }
        } catch (InterruptedException e) {
            // Each fault is undone in a finally block, so nothing is left to heal.
        }
    }

    /**
     * Lets the worker leave in good order and join again, in turns. Returns when it is interrupted, and leaves the
     * worker working.
     */
    void leaveAndJoin() throws IOException {
        try {
            while (true) {
                sleep(CHANGE.multipliedBy(CHANGES_PER_TURN), 0.5, 1.5);
                leave();
            }
        } catch (InterruptedException e) {
            // The worker is started again in a finally block.
        }
    }

    private void leave() throws IOException, InterruptedException {
        synchronized (this) {
            leaves++;
            endedByItself |= process.hasDied();
        }
        try {
            boolean inOrder = process.terminate(STOP);
            synchronized (this) {
                leftOutOfOrder |= !inOrder;
            }
            sleep(CHANGE.multipliedBy(CHANGES_PER_TURN), 0.5, 1.5);
        } finally {
            process.start();
        }
    }

    private void kill() throws IOException, InterruptedException {
        synchronized (this) {
            kills++;
            endedByItself |= process.hasDied();
        }
        try {
            process.kill();
            sleepTtls(0.1, 1);
        } finally {
            process.start();
        }
    }

    private void suspend() throws IOException, InterruptedException {
        synchronized (this) {
            suspensions++;
        }
        try {
            process.pause();
            sleepTtls(1.2, 2.5);
        } finally {
            process.resume();
        }
    }

    private void cut(Link.State how) throws InterruptedException {
        synchronized (this) {
            cuts++;
        }
        link.set(how);
        try {
            // Some cuts end before the lease does, and must not lose it.
            sleepTtls(0.2, 2);
        } finally {
            link.set(Link.State.PASS);
        }
    }

    private void sleepTtls(double from, double to) throws InterruptedException {
        sleep(ttl, from, to);
    }

    private void sleep(Duration unit, double from, double to) throws InterruptedException {
        double units = from + random.nextDouble() * (to - from);
        TimeUnit.MILLISECONDS.sleep((long) (units * unit.toMillis()));
    }

    synchronized boolean hasEndedByItself() {
        endedByItself |= process.hasDied();
        return endedByItself;
    }

    /** Sends SIGTERM. Returns whether the worker stopped in order, each time. */
    boolean stop() throws InterruptedException {
        return process.terminate(STOP) && !hasLeftOutOfOrder();
    }

    private synchronized boolean hasLeftOutOfOrder() {
        return leftOutOfOrder;
    }

    synchronized int kills() {
        return kills;
    }

    synchronized int suspensions() {
        return suspensions;
    }

    synchronized int cuts() {
        return cuts;
    }

    synchronized int leaves() {
        return leaves;
    }

    @Override
    public void close() {
        process.close();
    }
}
