package io.streamlocks.client;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what happens to leases: to the log, to the listeners and to callbacks. Nothing that a listener, a callback or
 * an executor throws reaches the caller. This class is thread-safe.
 */
final class Notices {

    private static final Logger LOG = LoggerFactory.getLogger(Notices.class);

    private final List<StreamLockListener> listeners;
    private final Executor callbackExecutor;
    private final ClientRuntime runtime;

    Notices(List<StreamLockListener> listeners, Executor callbackExecutor, ClientRuntime runtime) {
        this.listeners = listeners;
        this.callbackExecutor = callbackExecutor;
        this.runtime = runtime;
    }

    /** Returns the executor of callbacks for which the user has given no other. */
    Executor callbackExecutor() {
        return callbackExecutor;
    }

    /** Calls the listeners on this thread. One that fails keeps the event from no other. */
    void tell(Consumer<StreamLockListener> event) {
        for (StreamLockListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException | Error e) {
                LOG.error("The listener failed", e);
            }
        }
    }

    /** Reports a loss. The log comes before the listener, which may take its time, and does not depend on one. */
    void tellLoss(LeaseLoss loss) {
        LOG.warn(
                "The lease of stream {} is lost, fencing token {}: {}{}",
                loss.streamId(),
                loss.fencingToken(),
                loss.reason(),
                // A person has written the reason, so it can contain what readers of a log take for a line break.
                loss.breakReason()
                        .map(why -> ", " + why.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", " "))
                        .orElse(""));
        tell(to -> to.lost(loss));
    }

    /** Calls back on an executor; on a new thread if that refuses. */
    void callBack(Consumer<LeaseLoss> callback, Executor executor, LeaseLoss loss) {
        Runnable call = () -> {
            try {
                callback.accept(loss);
            } catch (RuntimeException | Error e) {
                LOG.error("A callback for the loss of stream {} failed", loss.streamId(), e);
            }
        };
        try {
            executor.execute(call);
        } catch (RuntimeException | Error e) {
            // An executor that is full, shut down or broken must not hide a loss, from this callback or the next.
            LOG.warn("The callback executor refused to report the loss of stream {}", loss.streamId(), e);
            runtime.newThread("stream-lock-callback", call).start();
        }
    }

    /**
     * Logs an error that a thread of the client survives. This throws nothing, even if the log does for lack of memory.
     */
    static void surviving(String thread, Throwable e) {
        try {
            LOG.error("The {} thread continues after an error", thread, e);
        } catch (Throwable unlogged) {
            e.addSuppressed(unlogged);
        }
    }
}
