package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Acquire;
import io.streamlocks.client.LeaseCalls.Acquired;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * One request that waits at the coordinator. It has a thread of its own, because nothing but the end of its connection
 * ends a request. The thread that needs the outcome can therefore stop to wait for it.
 */
final class WaitingCall {

    private final LeaseCalls calls;
    private final List<Acquire> acquires;
    private final Duration wait;
    private final ClientRuntime runtime;
    private final Thread caller = Thread.currentThread();
    private final long sentNanos;

    // The thread of the request writes these before it sets done.
    private List<Acquired> outcomes = List.of();
    private Optional<Throwable> failure = Optional.empty();
    private volatile boolean done;

    private WaitingCall(LeaseCalls calls, List<Acquire> acquires, Duration wait, ClientRuntime runtime) {
        this.calls = calls;
        this.acquires = acquires;
        this.wait = wait;
        this.runtime = runtime;
        this.sentNanos = runtime.nanoTime();
    }

    /**
     * Sends a request.
     *
     * @param calls the connections, which no other call uses
     * @param wait how long the coordinator may wait
     */
    static WaitingCall send(LeaseCalls calls, List<Acquire> acquires, Duration wait, ClientRuntime runtime) {
        WaitingCall call = new WaitingCall(calls, acquires, wait, runtime);
        runtime.newThread("stream-lock-wait", call::run).start();
        return call;
    }

    private void run() {
        try {
            outcomes = calls.acquireAll(acquires, wait);
        } catch (Throwable e) {
            // The caller reports it, whatever it is.
            failure = Optional.of(e);
        }
        done = true;
        runtime.unpark(caller);
    }

    /**
     * Waits for the answer.
     *
     * @param patience how long the answer may take, beyond the time for which the coordinator waits
     * @param ends whether the caller has another reason not to wait any more; it is asked after each unpark
     * @return whether there is an answer, or the call failed
     */
    boolean await(Duration patience, BooleanSupplier ends) {
        long atMost = wait.plus(patience).toNanos();
        while (!done && !ends.getAsBoolean()) {
            long left = atMost - (runtime.nanoTime() - sentNanos);
            if (left <= 0) {
                break;
            }
            runtime.park(this, left);
        }
        return done;
    }

    /** Returns the time at which the request was sent, or just before that. */
    long sentNanos() {
        return sentNanos;
    }

    /**
     * Returns one outcome for each acquire, in order. Call it after {@link #await} has returned that there are any.
     *
     * @throws StreamLockException if the request failed
     */
    List<Acquired> outcomes() {
        if (failure.isPresent()) {
            Throwable cause = failure.get();
            if (cause instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) cause;
        }
        return outcomes;
    }
}
