package io.streamlocks.coordinator.lock.group;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few threads that run the tasks of many callers, which take turns. If there is more than one thread, no caller
 * occupies all of them, so that the task of another caller finds a free one. This class is thread-safe, and no method
 * blocks.
 */
final class FairThreads {

    private static final Logger LOG = LoggerFactory.getLogger(FairThreads.class);

    private final ExecutorService threads;
    private final int count;
    private final int mostOfOne;
    private final int mostWaiting;
    private final int mostWaitingOfOne;

    /** The callers in the order of their turns. A caller without a waiting or running task is not in it. */
    private final Map<String, Tasks> callers = new LinkedHashMap<>();

    private int waiting;
    private int running;

    /**
     * @param count the number of threads
     * @param factory creates the threads
     * @param mostWaiting the maximum number of waiting tasks
     * @param mostWaitingOfOne the maximum number of waiting tasks of one caller
     */
    FairThreads(int count, ThreadFactory factory, int mostWaiting, int mostWaitingOfOne) {
        this.threads = Executors.newFixedThreadPool(count, factory);
        this.count = count;
        this.mostOfOne = Math.max(1, count - 1);
        this.mostWaiting = mostWaiting;
        this.mostWaitingOfOne = mostWaitingOfOne;
    }

    private static final class Tasks {
        private final Deque<Runnable> waiting = new ArrayDeque<>();
        private int running;
    }

    private record Task(String caller, Tasks tasks, Runnable work) {}

    /** Says whether a task was accepted. */
    enum Acceptance {
        /** The task will run. */
        ACCEPTED,
        /** The caller has too many waiting tasks. */
        CALLER_HAS_TOO_MANY,
        /** All callers together have too many, or the threads are closed or cannot be started. */
        TOO_MANY
    }

    /**
     * Runs a task when it is its caller's turn.
     *
     * @param caller identifies the caller
     * @param work the task; must not throw
     * @return whether it was accepted
     */
    Acceptance execute(String caller, Runnable work) {
        synchronized (this) {
            Tasks tasks = callers.computeIfAbsent(caller, first -> new Tasks());
            tasks.waiting.add(work);
            waiting++;
            Optional<Task> next = next();
            if (next.isPresent()) {
                try {
                    threads.execute(() -> runAll(next));
                    return Acceptance.ACCEPTED;
                } catch (RejectedExecutionException | OutOfMemoryError e) {
                    // No other task could run, so the one that failed to start is this one.
                    ended(next.get());
                    return Acceptance.TOO_MANY;
                }
            }
            if (waiting <= mostWaiting && tasks.waiting.size() <= mostWaitingOfOne) {
                return Acceptance.ACCEPTED;
            }
            tasks.waiting.removeLast();
            waiting--;
            forgetIfIdle(caller, tasks);
            return tasks.waiting.size() >= mostWaitingOfOne ? Acceptance.CALLER_HAS_TOO_MANY : Acceptance.TOO_MANY;
        }
    }

    private void runAll(Optional<Task> first) {
        Optional<Task> task = first;
        while (task.isPresent()) {
            try {
                task.get().work().run();
            } catch (Throwable e) {
                // The tasks of other callers must run whatever happens.
                LOG.error("A read failed unexpectedly", e);
            }
            task = nextAfter(task.get());
        }
    }

    private synchronized Optional<Task> nextAfter(Task done) {
        ended(done);
        return next();
    }

    private void ended(Task done) {
        running--;
        done.tasks().running--;
        forgetIfIdle(done.caller(), done.tasks());
    }

    private void forgetIfIdle(String caller, Tasks tasks) {
        if (tasks.running == 0 && tasks.waiting.isEmpty()) {
            callers.remove(caller);
        }
    }

    /** Begins the next task in turn, and returns it; empty if there is none, or no free thread. */
    private Optional<Task> next() {
        if (running == count || waiting == 0) {
            return Optional.empty();
        }
        for (Map.Entry<String, Tasks> entry : callers.entrySet()) {
            Tasks tasks = entry.getValue();
            if (!tasks.waiting.isEmpty() && tasks.running < mostOfOne) {
                Optional<Task> next = Optional.of(new Task(entry.getKey(), tasks, tasks.waiting.remove()));
                waiting--;
                running++;
                tasks.running++;
                // The caller moves behind the others.
                String caller = next.get().caller();
                callers.remove(caller);
                callers.put(caller, tasks);
                return next;
            }
        }
        return Optional.empty();
    }

    /** Accepts no further tasks. The tasks that were accepted run. */
    void close() {
        threads.shutdown();
    }
}
