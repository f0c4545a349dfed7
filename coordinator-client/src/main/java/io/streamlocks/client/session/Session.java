package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLoss;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * One stream's events, handled in order and one at a time under its lease. Thread-safe; nothing here blocks but the
 * handler, on the executor.
 */
final class Session<E> {

    private final HeldLease lease;
    private final SessionHandler<E> handler;
    private final Executor executor;
    private final SessionRuntime runtime;
    private final int queueCapacity;
    private final CompletableFuture<SessionEnd<E>> ended = new CompletableFuture<>();

    // All below is guarded by this.
    private final Queue<E> queue = new ArrayDeque<>();
    private SessionState state = SessionState.IDLE;
    private boolean stopping;
    private Thread handling;

    /** Tells the client that the handler works; null while the session is idle. */
    private HeldLease.Use use;

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

    /** Done when the handler is closed; the lease is not released yet then. Never fails. */
    CompletableFuture<SessionEnd<E>> ended() {
        return ended;
    }

    /** Takes an event, if there is room and the session is not ending. */
    boolean enqueue(E event) {
        synchronized (this) {
            if ((state != SessionState.IDLE && state != SessionState.RUNNING) || queue.size() >= queueCapacity) {
                return false;
            }
            queue.add(event);
            if (state == SessionState.RUNNING) {
                return true;
            }
            state = SessionState.RUNNING;
            use = lease.use();
        }
        executor.execute(this::handleUntilEmpty);
        return true;
    }

    /** Lets the session end when it has handled what it has. */
    void drain() {
        synchronized (this) {
            if (state == SessionState.RUNNING) {
                state = SessionState.DRAINING;
            }
        }
        // An idle one ends at once.
        drainIfIdleSince(runtime.nanoTime());
    }

    /** Lets the session end if it has waited for an event since then. Returns whether it had. */
    boolean drainIfIdleSince(long nanos) {
        synchronized (this) {
            if (state != SessionState.IDLE || idleSinceNanos - nanos > 0) {
                return false;
            }
            state = SessionState.DRAINING;
            use = lease.use();
        }
        executor.execute(() -> end(null, false));
        return true;
    }

    /** Lets the session end now: interrupts its handler, and leaves the rest unhandled. */
    void stop() {
        synchronized (this) {
            stopping = true;
            interruptHandler();
        }
        drain();
    }

    /** The lease is lost: nothing more may be done. */
    void fail() {
        boolean idle;
        synchronized (this) {
            if (state == SessionState.STOPPED || state == SessionState.ERRORED) {
                return;
            }
            idle = state == SessionState.IDLE;
            state = SessionState.ERRORED;
            if (idle) {
                use = lease.use();
            }
            interruptHandler();
        }
        if (idle) {
            executor.execute(() -> end(null, true));
        }
    }

    private void interruptHandler() {
        if (handling != null) {
            handling.interrupt();
        }
    }

    /** From now on the work is this thread's, so that a handler may close the client. */
    private void useHere() {
        HeldLease.Use here = lease.use();
        synchronized (this) {
            use.close();
            use = here;
        }
    }

    private void handleUntilEmpty() {
        useHere();
        while (true) {
            // Outside of the monitor, since it may be what notices the loss and tells the user of it.
            boolean safe = lease.isSafe();
            E event;
            boolean over;
            synchronized (this) {
                safe &= state != SessionState.ERRORED;
                event = queue.peek();
                if (safe && event == null && state == SessionState.RUNNING) {
                    state = SessionState.IDLE;
                    idleSinceNanos = runtime.nanoTime();
                    use.close();
                    use = null;
                    return;
                }
                over = !safe || stopping || event == null;
                if (!over) {
                    handling = Thread.currentThread();
                }
            }
            if (over) {
                end(null, !safe);
                return;
            }
            Throwable failure = handle(event);
            synchronized (this) {
                handling = null;
                // An interruption that came after the handler returned was ours and must not reach what this thread
                // does next.
                Thread.interrupted();
                if (failure == null) {
                    queue.remove();
                }
            }
            if (failure != null) {
                end(failure, false);
                return;
            }
        }
    }

    private Throwable handle(E event) {
        try {
            handler.handle(event);
            return null;
        } catch (Throwable e) {
            // Not swallowed: it ends the session and is told with its end.
            return e;
        }
    }

    private void end(Throwable handlerFailure, boolean unsafe) {
        useHere();
        Throwable failure = handlerFailure;
        try {
            handler.close();
        } catch (Throwable e) {
            if (failure == null) {
                failure = e;
            } else if (failure != e) {
                failure.addSuppressed(e);
            }
        }
        Optional<LeaseLoss> loss = lease.loss();
        SessionEnd<E> end;
        synchronized (this) {
            // A handler that was interrupted by our stop fails as asked for.
            boolean errored = loss.isPresent() || unsafe || (failure != null && !stopping);
            state = errored ? SessionState.ERRORED : SessionState.STOPPED;
            use.close();
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
