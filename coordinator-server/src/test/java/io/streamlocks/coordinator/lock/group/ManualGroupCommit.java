package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.LockCalls;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Group commit with the clock and the threads of a test in another package. */
public final class ManualGroupCommit {

    private ManualGroupCommit() {}

    /**
     * Creates it. The task of a statement completes its futures.
     *
     * @param writers runs the statements
     */
    public static GroupCommit create(LockCalls locks, LongSupplier nanoTime, Executor writers, Delay delay) {
        return new GroupCommit(
                locks, Runnable::run, StatementObserver.NONE, nanoTime, new ForwardingExecutor(writers), delay);
    }

    private static final class ForwardingExecutor extends AbstractExecutorService {
        private final Executor next;
        private volatile boolean isShutdown;

        private ForwardingExecutor(Executor next) {
            this.next = next;
        }

        @Override
        public void execute(Runnable task) {
            next.execute(task);
        }

        @Override
        public void shutdown() {
            isShutdown = true;
        }

        @Override
        public List<Runnable> shutdownNow() {
            isShutdown = true;
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return isShutdown;
        }

        @Override
        public boolean isTerminated() {
            return isShutdown;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }
}
