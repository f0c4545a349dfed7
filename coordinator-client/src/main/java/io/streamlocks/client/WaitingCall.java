package io.streamlocks.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One request whose answer may come late. It has a thread of its own, because nothing but the end of its connection
 * ends a request. The thread that needs the answer can therefore stop to wait for it.
 *
 * @param <T> the answer
 */
final class WaitingCall<T> {

    private final Supplier<T> request;
    private final Duration wait;
    private final ClientRuntime runtime;
    private final Thread caller = Thread.currentThread();
    private final long sentNanos;

    // The thread of the request writes these before it sets done.
    private @Nullable T answer;
    private Optional<Throwable> failure = Optional.empty();
    private volatile boolean done;

    private WaitingCall(Supplier<T> request, Duration wait, ClientRuntime runtime) {
        this.request = request;
        this.wait = wait;
        this.runtime = runtime;
        this.sentNanos = runtime.nanoTime();
    }

    /**
     * Sends a request.
     *
     * @param thread the name of its thread
     * @param request sends it and returns its answer, which is not null
     * @param wait how long the coordinator may wait before it answers
     */
    static <T> WaitingCall<T> send(String thread, Supplier<T> request, Duration wait, ClientRuntime runtime) {
        WaitingCall<T> call = new WaitingCall<>(request, wait, runtime);
        runtime.newThread(thread, call::run).start();
        return call;
    }

    private void run() {
        try {
            answer = request.get();
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
     * Returns the answer. Call it after {@link #await} has returned that there is one.
     *
     * @throws StreamLockException if the request failed
     */
    T answer() {
        if (failure.isPresent()) {
            Throwable cause = failure.get();
            if (cause instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) cause;
        }
        return Objects.requireNonNull(answer);
    }
}
