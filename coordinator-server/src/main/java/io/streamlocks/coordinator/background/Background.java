package io.streamlocks.coordinator.background;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Runs the work that no call waits for. This class is thread-safe, and none of its methods blocks. */
public final class Background implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Background.class);

    /**
     * The set-up of the storage, its table, the settings' files, the census, the groups and the purge must not wait for
     * each other.
     */
    private static final int THREADS = 6;

    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);
    private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(THREADS, task -> {
        Thread thread = new Thread(task, "background");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Runs a task once.
     *
     * @param what what the task does, to complete "Failed to" in the log
     * @param task the task, which may throw
     */
    public void once(String what, Runnable task) {
        threads.execute(() -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.warn("Failed to {}", what, e);
            }
        });
    }

    /**
     * Runs a task after a pause, unless this is closed by then.
     *
     * @param pause how long to wait
     * @param task the task, which must not throw
     */
    public void after(Duration pause, Runnable task) {
        try {
            threads.schedule(task, pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("A task does not start because the background work has been closed", e);
        }
    }

    /**
     * Runs a task now and again and again.
     *
     * @param interval how long after one run the next one starts
     * @param what what the task does, to complete "Failed to" in the log
     * @param task the task. If it throws, the failure is logged and the task runs again
     */
    public void every(Duration interval, String what, Runnable task) {
        every(Duration.ZERO, interval, what, task);
    }

    /**
     * Runs a task again and again, as {@link #every(Duration, String, Runnable)}.
     *
     * @param pause how long to wait before the first run
     */
    public void every(Duration pause, Duration interval, String what, Runnable task) {
        threads.scheduleWithFixedDelay(
                () -> run(what, task), pause.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The executor would never run a task again that has thrown. */
    private void run(String what, Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            if (!isClosed()) {
                Throwable root = RootCause.of(e);
                errors.log(
                        Level.WARN,
                        what + e + root,
                        "Failed to " + what + ". The server tries again: " + root,
                        RootCause.errorOf(e));
            }
        }
    }

    /** Returns whether no more work starts. */
    public boolean isClosed() {
        return threads.isShutdown();
    }

    /** Starts no more work and interrupts the work that runs. Does not wait for its end. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
