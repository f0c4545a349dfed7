package io.streamlocks.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Puts the calls of many threads together to batches, without a thread of its own and without waiting for more: a call
 * that finds no request under way is sent at once and alone. What comes while there is one waits, and goes together with
 * the next one. So a busy process pays for a request once for many calls, and an idle one waits for nothing. A call that
 * has waited for as long as anybody should behind a request that takes its time starts one beside it.
 *
 * <p>The request is made by one of the threads that wait for it. Whoever has its outcome hands its place on to the thread
 * that has waited longest, and returns. Thread-safe.
 */
final class CallCombiner<Q, R> {

    /** What waits here goes in parallel once the requests before it have taken that long: a few times what one takes. */
    static final Duration PATIENCE = Duration.ofMillis(20);

    /** So that requests that hang do not stop all, and there is an end to how many do. */
    static final int MAX_UNDER_WAY = 4;

    /** So few that a body stays below a megabyte, however long its ids and labels are. */
    static final int MAX_BATCH = 40;

    private static final long FOREVER = Long.MAX_VALUE;

    private final ClientRuntime runtime;
    private final long patienceNanos;
    private final Function<List<Q>, List<R>> request;

    /** Guarded by this. */
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /** Places to make a request from: each belongs to a thread that makes one, or that was told to. Guarded by this. */
    private int underWay;

    /**
     * @param runtime how threads wait
     * @param patience after how long a call does not wait for the request before it
     * @param request makes one request for these calls, and returns or throws; an outcome a call, in order
     */
    CallCombiner(ClientRuntime runtime, Duration patience, Function<List<Q>, List<R>> request) {
        this.runtime = runtime;
        this.patienceNanos = patience.toNanos();
        this.request = request;
    }

    /**
     * Makes a call, alone or together with others. Blocks for the requests before it and its own; an interruption does
     * not end it, as it would leave the outcome unknown.
     *
     * @throws RuntimeException what the request threw, the same for all that were in it
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
        // Also if it is done by now: the place that it was given is to be handed on.
        if (own.leads) {
            lead(own);
        }
        return own.awaitOutcome();
    }

    /** Gives it a place of its own, unless there are too many, or it has one, or is with another's request. */
    private synchronized void lead(Waiting waiter, int max) {
        if (!waiter.leads && !waiter.taken && underWay < max) {
            underWay++;
            waiter.leads = true;
        }
    }

    /**
     * Makes the request for the calls that have waited longest. If somebody whose patience ended just then has taken that of
     * the leading thread along, it has its outcome to wait for and makes none for others, but hands its place on.
     */
    private void lead(Waiting own) {
        List<Waiting> batch = take(own);
        try {
            if (!batch.isEmpty()) {
                List<R> outcomes =
                        request.apply(batch.stream().map(waiter -> waiter.call).toList());
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).succeed(outcomes.get(i));
                }
            }
        } catch (Throwable e) {
            // Each of them must go on, whatever happened.
            batch.forEach(waiter -> waiter.fail(e));
        } finally {
            handOn();
        }
    }

    private synchronized List<Waiting> take(Waiting own) {
        List<Waiting> batch = new ArrayList<>();
        if (own.taken) {
            return batch;
        }
        while (batch.size() < MAX_BATCH && !waiting.isEmpty()) {
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

    /** How many requests are being made, or are about to be. */
    synchronized int underWay() {
        return underWay;
    }

    /** A call, and the thread that waits for its outcome. */
    private final class Waiting {
        private final Q call;
        private final Thread thread = Thread.currentThread();

        /** Guarded by the combiner. */
        private boolean taken;

        /** Set by the combiner before it is taken, if ever. */
        private volatile boolean leads;

        private volatile boolean done;
        private R result;
        private Throwable failure;

        Waiting(Q call) {
            this.call = call;
        }

        void succeed(R outcome) {
            result = outcome;
            finish();
        }

        void fail(Throwable cause) {
            failure = cause;
            finish();
        }

        private void finish() {
            done = true;
            if (thread != Thread.currentThread()) {
                runtime.unpark(thread);
            }
        }

        /** Waits until it may lead, or another thread has made the request; returns false if neither came in time. */
        boolean awaitTurn(long nanos) {
            await(() -> leads || done, nanos);
            return leads || done;
        }

        R awaitOutcome() {
            await(() -> done, FOREVER);
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
            return result;
        }

        private void await(BooleanSupplier condition, long nanos) {
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
