package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLoss;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Handles the events of one stream, in order and one at a time, under the lease of the stream. This class is
 * thread-safe. Nothing here blocks but the handler, which runs on the executor.
 *
 * <p>The state decides which thread may run the handler. Only the thread that moves the state away from {@code IDLE}
 * hands a task to the executor, and only that task moves it back. So there is at most one task, and the handler is
 * never called by two threads.
 */
final class Session<E> {

    private final HeldLease lease;
    private final SessionHandler<E> handler;
    private final Executor executor;
    private final SessionRuntime runtime;
    private final int queueCapacity;
    private final CompletableFuture<SessionEnd<E>> ended = new CompletableFuture<>();

    // All of these are guarded by this.
    private final Queue<E> queue = new ArrayDeque<>();
    private SessionState state = SessionState.IDLE;
    private boolean stopping;
    private boolean handingOver;
    private @Nullable Thread handling;

    /** Declares to the client that the handler works; empty while the session is idle. */
    private Optional<HeldLease.Use> use = Optional.empty();

    private long idleSinceNanos;

    Session(HeldLease lease, SessionHandler<E> handler, Executor executor, int queueCapacity, SessionRuntime runtime) {
        this.lease = lease;
        this.handler = handler;
        this.executor = executor;
        this.queueCapacity = queueCapacity;
        this.runtime = runtime;
        this.idleSinceNanos = runtime.nanoTime();
    }

    HeldLease lease() {
        return lease;
    }

    synchronized SessionState state() {
        return state;
    }

    /** Returns a future that is done when the handler is closed. The lease is not released yet then. It never fails. */
    CompletableFuture<SessionEnd<E>> ended() {
        return ended;
    }

    /** Takes an event, if there is room and the session is not ending. Returns whether it did. */
    boolean enqueue(E event) {
        synchronized (this) {
            if (isEnding() || queue.size() >= queueCapacity) {
                return false;
            }
            queue.add(event);
            if (state == SessionState.RUNNING) {
                return true;
            }
            state = SessionState.RUNNING;
            use = Optional.of(lease.use());
        }
        executor.execute(this::handleUntilEmpty);
        return true;
    }

    /** Lets the session end when it has handled the events that it has. */
    void drain() {
        drain(false);
    }

    /**
     * Lets the session end as {@link #drain()} does, because another worker shall have the stream. The handler is told.
     *
     * @return whether the session was not ending before
     */
    boolean handOver() {
        return drain(true);
    }

    private boolean drain(boolean handsOver) {
        boolean idle;
        synchronized (this) {
            if (isEnding()) {
                return false;
            }
            handingOver = handsOver;
            idle = state == SessionState.IDLE;
            state = SessionState.DRAINING;
            if (idle) {
                use = Optional.of(lease.use());
            }
        }
        if (idle) {
            executor.execute(() -> end(Optional.empty(), false));
        }
        return true;
    }

    /** Returns whether the session takes no more events. */
    synchronized boolean isEnding() {
        return state != SessionState.IDLE && state != SessionState.RUNNING;
    }

    /** Lets the session end if it has waited for an event since the given time. Returns whether it has. */
    boolean drainIfIdleSince(long nanos) {
        synchronized (this) {
            if (state != SessionState.IDLE || idleSinceNanos - nanos > 0) {
                return false;
            }
            state = SessionState.DRAINING;
            use = Optional.of(lease.use());
        }
        executor.execute(() -> end(Optional.empty(), false));
        return true;
    }

    /** Lets the session end now. This interrupts the handler and leaves the other events unhandled. */
    void stop() {
        synchronized (this) {
            stopping = true;
            interruptHandler();
        }
        drain();
    }

    /** Ends the session because its lease is lost. Nothing more may be done under it. */
    void fail() {
        boolean idle;
        synchronized (this) {
            if (state == SessionState.STOPPED || state == SessionState.ERRORED) {
                return;
            }
            idle = state == SessionState.IDLE;
            state = SessionState.ERRORED;
            if (idle) {
                use = Optional.of(lease.use());
            }
            interruptHandler();
        }
        if (idle) {
            executor.execute(() -> end(Optional.empty(), true));
        }
    }

    private void interruptHandler() {
        if (handling != null) {
            handling.interrupt();
        }
    }

    /** Declares that the work is this thread's from now on, so that a handler may close the client. */
    private void useHere() {
        HeldLease.Use here = lease.use();
        synchronized (this) {
            use.ifPresent(HeldLease.Use::close);
            use = Optional.of(here);
        }
    }

    private void handleUntilEmpty() {
        useHere();
        while (true) {
            // This may be the first to notice the loss, and then calls the user. So it is outside of the monitor.
            boolean safe = lease.isSafe();
            E event;
            boolean over;
            synchronized (this) {
                safe &= state != SessionState.ERRORED;
                event = queue.peek();
                if (safe && event == null && state == SessionState.RUNNING) {
                    state = SessionState.IDLE;
                    idleSinceNanos = runtime.nanoTime();
                    use.ifPresent(HeldLease.Use::close);
                    use = Optional.empty();
                    return;
                }
                over = !safe || stopping || event == null;
                if (!over) {
                    handling = Thread.currentThread();
                }
            }
            if (over) {
                end(Optional.empty(), !safe);
                return;
            }
            Optional<Throwable> failure = handle(event);
            synchronized (this) {
                handling = null;
                // An interruption that came after the handler returned was meant for the handler. It must not reach
                // what this thread does next.
                Thread.interrupted();
                if (failure.isEmpty()) {
                    queue.remove();
                }
            }
            if (failure.isPresent()) {
                end(failure, false);
                return;
            }
        }
    }

    /** Returns why the handler failed; empty if it did not. */
    private Optional<Throwable> handle(E event) {
        try {
            handler.handle(event);
            return Optional.empty();
        } catch (Throwable e) {
            // The failure ends the session, and the end reports it.
            return Optional.of(e);
        }
    }

    /** A handler that has failed, or whose lease is lost, has nothing to prepare. */
    private Optional<Throwable> prepareHandOver(Optional<Throwable> handlerFailure, boolean unsafe) {
        boolean safe = !unsafe && lease.isSafe();
        synchronized (this) {
            if (!handingOver || !safe || state == SessionState.ERRORED || (handlerFailure.isPresent() && !stopping)) {
                return Optional.empty();
            }
            handling = Thread.currentThread();
        }
        Optional<Throwable> failure = failureOf(handler::beforeHandOver);
        synchronized (this) {
            handling = null;
            Thread.interrupted();
        }
        return failure;
    }

    private interface Closing {
        void run() throws Exception;
    }

    private static Optional<Throwable> failureOf(Closing part) {
        try {
            part.run();
            return Optional.empty();
        } catch (Throwable e) {
            return Optional.of(e);
        }
    }

    private static Optional<Throwable> first(Optional<Throwable> earlier, Optional<Throwable> later) {
        if (earlier.isPresent() && later.isPresent() && earlier.get() != later.get()) {
            earlier.get().addSuppressed(later.get());
        }
        return earlier.or(() -> later);
    }

    private void end(Optional<Throwable> handlerFailure, boolean unsafe) {
        useHere();
        Optional<Throwable> preparing = prepareHandOver(handlerFailure, unsafe);
        Throwable failure = first(first(handlerFailure, preparing), failureOf(handler::close))
                .orElse(null);
        Optional<LeaseLoss> loss = lease.loss();
        SessionEnd<E> end;
        synchronized (this) {
            // A handler that fails because stop() has interrupted it does what it was asked for.
            boolean errored = loss.isPresent() || unsafe || (failure != null && !stopping);
            state = errored ? SessionState.ERRORED : SessionState.STOPPED;
            use.ifPresent(HeldLease.Use::close);
            end = new SessionEnd<>(
                    lease.streamId(),
                    lease.fencingToken(),
                    state,
                    loss,
                    Optional.ofNullable(failure),
                    List.copyOf(queue));
        }
        ended.complete(end);
    }
}
