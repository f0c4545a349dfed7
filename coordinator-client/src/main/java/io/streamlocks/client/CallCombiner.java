package io.streamlocks.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Combines the calls of many threads into batches, without a thread of its own and without waiting for more calls. A
 * call that finds no request under way is sent at once and alone. Calls that come while a request is under way wait,
 * and go together with the next one. So a busy process pays for one request per batch, and a process with one call
 * waits for nothing. A call that has waited for long enough behind a slow request starts one beside it.
 *
 * <p>One of the threads that wait makes the request. A thread that has its outcome hands its place on to the thread
 * that has waited longest, and returns. This class is thread-safe.
 */
final class CallCombiner<Q, R> {

    /** A waiting call goes in parallel after this time, which is a few times what a request takes. */
    static final Duration PATIENCE = Duration.ofMillis(20);

    /** More than one, so that a request that hangs does not stop all; and a limit on how many can hang. */
    static final int MAX_UNDER_WAY = 4;

    /** So few that a body is below the limit, however long its ids and labels are. */
    static final int MAX_COMBINED = 40;

    private static final long FOREVER = Long.MAX_VALUE;

    private final ClientRuntime runtime;
    private final long patienceNanos;
    private final Function<List<Q>, List<R>> request;

    /** The calls that no request has taken. It is guarded by this. */
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /**
     * The number of places to make a request from. Each belongs to a thread that makes a request, or is about to. It is
     * guarded by this.
     */
    private int underWay;

    /**
     * @param runtime how threads wait
     * @param patience the time after which a call does not wait any more for the request before it
     * @param request makes one request for these calls; it returns one outcome per call, in order, or throws
     */
    CallCombiner(ClientRuntime runtime, Duration patience, Function<List<Q>, List<R>> request) {
        this.runtime = runtime;
        this.patienceNanos = patience.toNanos();
        this.request = request;
    }

    /**
     * Makes a call, alone or together with others. This blocks for the requests before it and for its own. An
     * interruption does not end it, because the outcome would be unknown.
     *
     * @throws RuntimeException the exception of the request, the same for all calls that were in it
     */
    R call(Q call) {
        Waiting own = new Waiting(call);
        synchronized (this) {
            waiting.add(own);
            lead(own, 1);
        }
        if (!own.awaitTurn(patienceNanos)) {
            lead(own, MAX_UNDER_WAY);
            own.awaitTurn(FOREVER);
        }
        // The call may be done by now. The thread must still hand on the place that it was given.
        if (own.leads) {
            lead(own);
        }
        return own.awaitOutcome();
    }

    /** Gives a call a place, unless too many are taken, or it has one, or it is in the request of another thread. */
    private synchronized void lead(Waiting waiter, int max) {
        if (!waiter.leads && !waiter.taken && underWay < max) {
            underWay++;
            waiter.leads = true;
        }
    }

    /**
     * Makes the request for the calls that have waited longest. Another thread, whose patience ended just before, may
     * have taken this thread's own call into its request. Then this thread has an outcome to wait for: it makes no
     * request for others, and hands its place on.
     */
    private void lead(Waiting own) {
        List<Waiting> batch = take(own);
        try {
            if (!batch.isEmpty()) {
                List<Q> calls = new ArrayList<>(batch.size());
                for (Waiting waiter : batch) {
                    calls.add(waiter.call);
                }
                List<R> outcomes = request.apply(calls);
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).succeed(outcomes.get(i));
                }
            }
        } catch (Throwable e) {
            // Each of the threads must go on, whatever happened.
            batch.forEach(waiter -> waiter.fail(e));
        } finally {
            handOn();
        }
    }

    private synchronized List<Waiting> take(Waiting own) {
        if (own.taken) {
            return List.of();
        }
        List<Waiting> batch = new ArrayList<>(Math.min(MAX_COMBINED, waiting.size()));
        while (batch.size() < MAX_COMBINED && !waiting.isEmpty()) {
            Waiting waiter = waiting.remove();
            waiter.taken = true;
            batch.add(waiter);
        }
        return batch;
    }

    private void handOn() {
        Waiting next;
        synchronized (this) {
            next = waiting.peek();
            if (next == null || next.leads) {
                underWay--;
                return;
            }
            next.leads = true;
        }
        runtime.unpark(next.thread);
    }

    /** Returns how many requests are being made, or are about to be. */
    synchronized int underWay() {
        return underWay;
    }

    /** A call, and the thread that waits for its outcome. */
    private final class Waiting {
        private final Q call;
        private final Thread thread = Thread.currentThread();

        /** It is guarded by the combiner. */
        private boolean taken;

        /** The combiner sets it before the call is taken, if ever. */
        private volatile boolean leads;

        private volatile boolean done;
        private Optional<R> result = Optional.empty();
        private Optional<Throwable> failure = Optional.empty();

        Waiting(Q call) {
            this.call = call;
        }

        void succeed(R outcome) {
            result = Optional.of(outcome);
            finish();
        }

        void fail(Throwable cause) {
            failure = Optional.of(cause);
            finish();
        }

        private void finish() {
            done = true;
            if (thread != Thread.currentThread()) {
                runtime.unpark(thread);
            }
        }

        /** Waits until it may lead, or another thread has made the request. Returns false if neither came in time. */
        boolean awaitTurn(long nanos) {
            await(() -> leads || done, nanos);
            return leads || done;
        }

        R awaitOutcome() {
            await(() -> done, FOREVER);
            Throwable cause = failure.orElse(null);
            if (cause instanceof RuntimeException e) {
                throw e;
            }
            if (cause instanceof Error e) {
                throw e;
            }
            return result.orElseThrow();
        }

        private void await(BooleanSupplier condition, long nanos) {
            if (condition.getAsBoolean()) {
                return;
            }
            long began = runtime.nanoTime();
            boolean interrupted = false;
            while (!condition.getAsBoolean()) {
                long left = nanos - (runtime.nanoTime() - began);
                if (left <= 0) {
                    break;
                }
                runtime.park(this, left);
                interrupted |= Thread.interrupted();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
