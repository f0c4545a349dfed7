package io.streamlocks.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The waiters of a client, and the connections that their calls use. A call that waits must delay no other call, so it
 * shares neither a request nor a limited pool of connections with one: each waiter has connections of its own. The next
 * waiter takes them over.
 *
 * <p>This class is thread-safe.
 */
final class Waiters {

    /** The connections of so many waiters are kept for later ones. */
    private static final int MAX_IDLE = 8;

    private final Supplier<LeaseCalls> connect;
    private final LeaseKeeper keeper;
    private final LeaseTerms terms;
    private final Timing timing;
    private final ClientRuntime runtime;
    private final Admission admission;

    // All of these are guarded by this.
    private final Set<Waiter> open = new LinkedHashSet<>();
    private final Deque<LeaseCalls> idle = new ArrayDeque<>();
    private boolean closed;

    /**
     * @param connect makes calls that may wait, with connections of their own
     * @param terms the terms of the leases of a waiter without options
     * @param admission lets in the calls of waiters, until the client closes
     */
    Waiters(
            Supplier<LeaseCalls> connect,
            LeaseKeeper keeper,
            LeaseTerms terms,
            Timing timing,
            ClientRuntime runtime,
            Admission admission) {
        this.connect = connect;
        this.keeper = keeper;
        this.terms = terms;
        this.timing = timing;
        this.runtime = runtime;
        this.admission = admission;
    }

    /**
     * Returns a new waiter.
     *
     * @throws IllegalStateException if the client is closed
     */
    Waiter newWaiter() {
        return newWaiter(AcquireOptions.defaults());
    }

    /** Returns a new waiter for leases with these options. */
    synchronized Waiter newWaiter(AcquireOptions options) {
        if (closed) {
            throw Admission.closedClient();
        }
        Waiter waiter = new Waiter(this, terms.with(options));
        open.add(waiter);
        return waiter;
    }

    synchronized void remove(Waiter waiter) {
        open.remove(waiter);
    }

    /** Returns connections for one waiter, which no other waiter uses. */
    synchronized LeaseCalls connection() {
        LeaseCalls kept = idle.poll();
        return kept == null ? connect.get() : kept;
    }

    /** Takes back connections on which no call is under way. */
    void giveBack(LeaseCalls connection) {
        synchronized (this) {
            if (!closed && idle.size() < MAX_IDLE) {
                // The latest come first, so that the others have the time to become too old.
                idle.push(connection);
                return;
            }
        }
        connection.close();
    }

    QueuePlaces newPlaces(LeaseTerms own) {
        return new QueuePlaces(keeper, own, runtime);
    }

    Notices notices() {
        return keeper.notices();
    }

    Timing timing() {
        return timing;
    }

    ClientRuntime runtime() {
        return runtime;
    }

    Admission admission() {
        return admission;
    }

    /** Returns the pause before another call, after so many calls in a row that waited in vain. */
    Duration pause(int failures) {
        return Duration.ofNanos(new Pace(timing, runtime).retryNanos(failures));
    }

    /** Closes all waiters. Their calls end, on whichever thread they are. */
    void close() {
        List<Waiter> waiting;
        List<LeaseCalls> unused;
        synchronized (this) {
            closed = true;
            waiting = List.copyOf(open);
            unused = List.copyOf(idle);
            idle.clear();
        }
        waiting.forEach(Waiter::close);
        unused.forEach(LeaseCalls::close);
    }
}
