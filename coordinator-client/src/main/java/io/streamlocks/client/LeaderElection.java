package io.streamlocks.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes part in the election of a leader. The leader is the process that holds the lease of one stream. The others wait
 * in the queue of that stream, so they are elected in the order of their arrival, and none of them polls.
 *
 * <p>An election has one thread, which calls the listener. {@link Listener#onElected} and {@link Listener#onRevoked}
 * alternate: there is never a second call of one without a call of the other in between. An exception of the listener
 * is logged, and does not end the election.
 *
 * <p>A leader that is suspended can wake up after its lease has ended, when another leader is at work. Before each
 * effect, ask the lease whether it {@linkplain HeldLease#requireSafe() is safe}, and hand its {@linkplain
 * HeldLease#fencingToken() fencing token} to the resource.
 *
 * <p>This class is thread-safe.
 */
public final class LeaderElection implements AutoCloseable {

    /** The pause after a listener or a call that has failed. */
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** How often the thread looks whether the listener has closed the lease. Any other end of a lease wakes it. */
    private static final Duration LOOK_AFTER = Duration.ofSeconds(1);

    private static final Duration END_LOOK = Duration.ofMillis(10);
    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private static final Logger LOG = LoggerFactory.getLogger(LeaderElection.class);

    private final StreamLockClient client;
    private final String name;
    private final Listener listener;
    private final ClientRuntime runtime;
    private final Thread thread;

    // All of these are guarded by this.
    private boolean started;
    private Optional<Waiter> waiter = Optional.empty();
    private Optional<Interruption> leadership = Optional.empty();

    private volatile Optional<HeldLease> lease = Optional.empty();
    private volatile boolean closed;
    private volatile boolean over;

    /** Receives the outcome of an election, on the thread of the election. */
    public interface Listener {

        /**
         * This process is the leader from now on. This method may start the work of the leader elsewhere and return, or
         * do the work and block. If the lease is lost or the election is closed before it returns, its thread is
         * interrupted. If it throws, this process gives the leadership up after {@link #onRevoked}, and takes part in
         * the election again a second later.
         *
         * @param lease the lease of the leader; the election closes it. A listener that closes it gives the leadership
         *     up, and {@link #onRevoked} is called within about a second
         * @throws Exception if the work could not begin, or has failed
         */
        void onElected(HeldLease lease) throws Exception;

        /**
         * This process is not the leader any more. If the election is closed, this is called before the release of the
         * lease, so no other process is elected until it returns or the lease runs out. If the lease was lost, another
         * leader may be at work already. This method must stop what {@link #onElected} has started. It may block, and
         * this process does not take part in the election until it returns.
         *
         * @throws Exception if the work could not be stopped
         */
        void onRevoked() throws Exception;
    }

    private interface Callback {
        void call() throws Exception;
    }

    /**
     * Sets up an election. {@link #start()} it then.
     *
     * @param client acquires and keeps the lease; the caller closes it, after the election
     * @param name the name of the election, which is the stream whose lease the leader holds: 1 to 255 printable
     *     characters
     * @param listener receives the outcomes
     */
    public LeaderElection(StreamLockClient client, String name, Listener listener) {
        this.client = Objects.requireNonNull(client, "client");
        this.name = Objects.requireNonNull(name, "name");
        this.listener = Objects.requireNonNull(listener, "listener");
        this.runtime = client.runtime();
        this.thread = runtime.newThread("stream-lock-election", this::run);
    }

    /**
     * Begins to take part in the election. This does not block. If the coordinator gives no usable answer, the election
     * tries again until it is closed.
     *
     * @return this
     * @throws IllegalStateException if it was started or closed before
     */
    public synchronized LeaderElection start() {
        if (started || closed) {
            throw new IllegalStateException("The election was started or closed before");
        }
        started = true;
        thread.start();
        return this;
    }

    /** Returns whether this process is the leader now, and its lease is safe. */
    public boolean isLeader() {
        return lease.filter(HeldLease::isSafe).isPresent();
    }

    private boolean isOver() {
        return closed || client.isClosed();
    }

    private void run() {
        try {
            takePart();
        } finally {
            over = true;
        }
    }

    private void takePart() {
        while (!isOver()) {
            // A listener may have handed this thread to others, whose interrupt comes late. The wait would end at once.
            Thread.interrupted();
            try {
                Optional<HeldLease> granted = awaitTurn();
                if (granted.isPresent() && !lead(granted.get())) {
                    pause();
                }
            } catch (Throwable e) {
                if (!isOver()) {
                    LOG.warn("The election {} failed, trying again", name, e);
                    pause();
                }
            }
        }
    }

    private Optional<HeldLease> awaitTurn() {
        try (Waiter own = client.newWaiter()) {
            synchronized (this) {
                if (closed) {
                    return Optional.empty();
                }
                waiter = Optional.of(own);
            }
            return own.await(List.of(name), FOR_EVER).stream().findFirst();
        } finally {
            synchronized (this) {
                waiter = Optional.empty();
            }
        }
    }

    /** Leads until the lease ends or the election is closed. Returns whether the listener has taken it on. */
    private boolean lead(HeldLease granted) {
        HeldLease.Use use = granted.use();
        Interruption interruption = Interruption.begin();
        granted.life().onTaken(interruption::interrupt);
        boolean begins;
        synchronized (this) {
            begins = !closed && granted.isSafe();
            leadership = Optional.of(interruption);
        }
        boolean succeeded = true;
        try {
            if (begins) {
                lease = Optional.of(granted);
                succeeded = call("onElected", () -> listener.onElected(granted));
                while (succeeded && !closed && granted.isSafe()) {
                    runtime.parkOwn(this, LOOK_AFTER.toNanos());
                }
            }
        } finally {
            interruption.end();
            lease = Optional.empty();
            if (begins) {
                call("onRevoked", listener::onRevoked);
            }
            use.close();
            granted.close();
            interruption.leave();
        }
        return succeeded;
    }

    /** Returns whether the callback returned, and did not throw. */
    private boolean call(String callback, Callback body) {
        try {
            body.call();
            return true;
        } catch (Throwable e) {
            if (e instanceof InterruptedException && (closed || !isLeader())) {
                LOG.debug("{} of the election {} was interrupted", callback, name);
            } else {
                LOG.error("{} of the election {} failed", callback, name, e);
            }
            return false;
        } finally {
            // A callback may leave an interruption behind. The release of the lease would fail at once.
            Thread.interrupted();
        }
    }

    private void pause() {
        long began = runtime.nanoTime();
        long nanos = RETRY_AFTER.toNanos();
        for (long left = nanos; left > 0 && !isOver(); left = nanos - (runtime.nanoTime() - began)) {
            runtime.parkOwn(this, left);
        }
    }

    /**
     * Ends the election for this process. If it is the leader, {@link Listener#onRevoked} is called, and the lease is
     * released after that. If it waits, its place in the queue is given up. This blocks until all of that is done. It
     * interrupts {@link Listener#onElected} if that is under way, and waits for as long as the listener takes. It does
     * not wait if the listener itself calls it, or if the caller is interrupted. A second call only waits.
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            waiter.ifPresent(Waiter::close);
            leadership.ifPresent(Interruption::interrupt);
            if (!started || Thread.currentThread() == thread) {
                return;
            }
        }
        runtime.unpark(thread);
        while (!over && !Thread.currentThread().isInterrupted()) {
            runtime.park(this, END_LOOK.toNanos());
        }
    }
}
