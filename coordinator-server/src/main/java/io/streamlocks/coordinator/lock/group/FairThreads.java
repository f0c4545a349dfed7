package io.streamlocks.coordinator.lock.group;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few threads that carry out what many callers ask for, each in its turn. Where there is more than one thread, no caller
 * occupies all of them, so that another one's task finds one free. Thread-safe.
 */
final class FairThreads {

    private static final Logger LOG = LoggerFactory.getLogger(FairThreads.class);

    private final ExecutorService threads;
    private final int count;
    private final int mostOfOne;
    private final int mostWaiting;
    private final int mostWaitingOfOne;

    /** In the order of their turns; those that have neither a task that waits nor one that runs are not in it. */
    private final Map<String, Tasks> callers = new LinkedHashMap<>();

    private int waiting;
    private int running;

    /**
     * @param count how many threads there are
     * @param made makes them
     * @param mostWaiting how many tasks may wait
     * @param mostWaitingOfOne how many of one caller
     */
    FairThreads(int count, ThreadFactory made, int mostWaiting, int mostWaitingOfOne) {
        this.threads = Executors.newFixedThreadPool(count, made);
        this.count = count;
        this.mostOfOne = Math.max(1, count - 1);
        this.mostWaiting = mostWaiting;
        this.mostWaitingOfOne = mostWaitingOfOne;
    }

    private static final class Tasks {
        private final Deque<Runnable> waiting = new ArrayDeque<>();
        private int running;
    }

    private record Task(String caller, Runnable work) {}

    /** Whether what is asked for will be carried out. */
    enum Answer {
        TAKEN,
        /** The caller has as much waiting as it may. */
        CALLER_HAS_TOO_MANY,
        /** All together have, or the threads have been closed, or cannot be started. */
        TOO_MANY
    }

    /**
     * Carries out a task in its turn.
     *
     * @param work does not throw
     */
    Answer execute(String caller, Runnable work) {
        synchronized (this) {
            Tasks tasks = callers.computeIfAbsent(caller, first -> new Tasks());
            tasks.waiting.add(work);
            waiting++;
            Task next = next();
            try {
                if (next != null) {
                    threads.execute(() -> runAll(next));
                    return Answer.TAKEN;
                }
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // Nothing waited that could be done, so it is this one.
                ended(next);
                return Answer.TOO_MANY;
            }
            if (waiting <= mostWaiting && tasks.waiting.size() <= mostWaitingOfOne) {
                return Answer.TAKEN;
            }
            tasks.waiting.removeLast();
            waiting--;
            forgetIfIdle(caller, tasks);
            return tasks.waiting.size() >= mostWaitingOfOne ? Answer.CALLER_HAS_TOO_MANY : Answer.TOO_MANY;
        }
    }

    private void runAll(Task first) {
        Task task = first;
        while (task != null) {
            try {
                task.work().run();
            } catch (Throwable e) {
                // Whatever it was, the tasks of others are carried out.
                LOG.error("A read ended with an error", e);
            }
            task = nextAfter(task);
        }
    }

    private synchronized Task nextAfter(Task done) {
        ended(done);
        return next();
    }

    private void ended(Task done) {
        running--;
        Tasks tasks = callers.get(done.caller());
        tasks.running--;
        forgetIfIdle(done.caller(), tasks);
    }

    private void forgetIfIdle(String caller, Tasks tasks) {
        if (tasks.running == 0 && tasks.waiting.isEmpty()) {
            callers.remove(caller);
        }
    }

    /** Begins the task whose turn it is; null if there is none, or no thread for it. */
    private Task next() {
        if (running == count || waiting == 0) {
            return null;
        }
        for (Map.Entry<String, Tasks> entry : callers.entrySet()) {
            Tasks tasks = entry.getValue();
            if (!tasks.waiting.isEmpty() && tasks.running < mostOfOne) {
                Task next = new Task(entry.getKey(), tasks.waiting.poll());
                waiting--;
                running++;
                tasks.running++;
                // Behind the others.
                callers.remove(next.caller());
                callers.put(next.caller(), tasks);
                return next;
            }
        }
        return null;
    }

    /** Takes nothing more. What was taken is carried out. */
    void close() {
        threads.shutdown();
    }
}
