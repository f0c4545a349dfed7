package io.streamlocks.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Puts the calls of many threads together to batches, without a thread of its own and without waiting for more: a call
 * that finds fewer than {@value #MAX_UNDER_WAY} requests under way is sent at once and alone. What comes while there are
 * that many waits, and goes together with the next one. So a busy process pays for a request once for many calls, and an
 * idle one waits for nothing.
 *
 * <p>The request is made by one of the threads that wait for it. Whoever has its outcome hands its place on to the thread
 * that has waited longest, and returns. Thread-safe.
 */
final class CallCombiner<Q, R> {

    /** More than one, so that a request that hangs does not stop all, and the server has work while answers travel. */
    static final int MAX_UNDER_WAY = 4;

    /** So few that a body stays below a megabyte, however long its ids and labels are. */
    static final int MAX_BATCH = 40;

    private final ClientRuntime runtime;
    private final Function<List<Q>, List<R>> request;

    /** Guarded by this. */
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /** Guarded by this. */
    private int underWay;

    /**
     * @param runtime how threads wait
     * @param request makes one request for these calls, and returns or throws; an outcome a call, in order
     */
    CallCombiner(ClientRuntime runtime, Function<List<Q>, List<R>> request) {
        this.runtime = runtime;
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
        boolean leads;
        synchronized (this) {
            waiting.add(own);
            leads = underWay < MAX_UNDER_WAY;
            if (leads) {
                underWay++;
            }
        }
        if (leads || own.awaitTurn()) {
            lead();
        }
        return own.awaitOutcome();
    }

    /**
     * Makes the request for the calls that have waited longest. That of the leading thread is one of them, unless it was
     * handed its place and somebody who came just then has taken it along.
     */
    private void lead() {
        List<Waiting> batch = take();
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

    private synchronized List<Waiting> take() {
        List<Waiting> batch = new ArrayList<>();
        while (batch.size() < MAX_BATCH && !waiting.isEmpty()) {
            batch.add(waiting.remove());
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

    /** A call, and the thread that waits for its outcome. */
    private final class Waiting {
        private final Q call;
        private final Thread thread = Thread.currentThread();
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

        /** Returns true to lead, and false if another thread has made the request. */
        boolean awaitTurn() {
            await(() -> done || leads);
            return !done;
        }

        R awaitOutcome() {
            await(() -> done);
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
            return result;
        }

        private void await(BooleanSupplier condition) {
            boolean interrupted = false;
            while (!condition.getAsBoolean()) {
                runtime.park(this);
                interrupted |= Thread.interrupted();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
