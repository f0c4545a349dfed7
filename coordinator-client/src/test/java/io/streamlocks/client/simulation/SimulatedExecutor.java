package io.streamlocks.client.simulation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Runs each task on a simulated thread, and starts as many threads as necessary. */
final class SimulatedExecutor extends AbstractExecutorService {

    private final SimulatedProcess process;
    private final String name;
    private final Deque<SimulatedThread> idle = new ArrayDeque<>();
    private final Map<SimulatedThread, Runnable> tasks = new HashMap<>();
    private int started;
    private boolean shutdown;

    SimulatedExecutor(SimulatedProcess process, String name) {
        this.process = process;
        this.name = name;
    }

    @Override
    public void execute(Runnable task) {
        if (shutdown) {
            throw new RejectedExecutionException("The executor is shut down");
        }
        SimulatedThread thread = idle.poll();
        if (thread == null) {
            process.start(name + "-" + started++, () -> work(task));
        } else {
            tasks.put(thread, task);
            process.scheduler().wake(thread);
        }
    }

    private void work(Runnable first) {
        SimulatedThread self = SimulatedThread.current();
        for (Runnable task = first; task != null; task = nextTask(self)) {
            task.run();
        }
    }

    private Runnable nextTask(SimulatedThread self) {
        idle.add(self);
        Runnable task = tasks.remove(self);
        while (task == null && !shutdown) {
            self.block(Scheduler.NEVER);
            // An interruption was meant for the task before.
            Thread.interrupted();
            task = tasks.remove(self);
        }
        return task;
    }

    @Override
    public void shutdown() {
        shutdown = true;
        idle.forEach(process.scheduler()::wake);
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown();
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        throw new UnsupportedOperationException("No task waits for it");
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        throw new UnsupportedOperationException("No task waits for it");
    }
}
