package io.streamlocks.client.session;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;

/** Puts a registry into a simulated process. */
public final class SimulatedSessions {

    /** The process of a registry. */
    public interface Host {

        /** Returns the reading of a monotonic clock. */
        long nanoTime();

        /** Returns an executor that runs each task at once. */
        ExecutorService newExecutor();

        /**
         * Blocks the calling thread until a future is done, for so long at most.
         *
         * @return whether it is done
         * @throws InterruptedException if the thread is interrupted
         */
        boolean await(CompletableFuture<?> future, long nanos) throws InterruptedException;
    }

    private SimulatedSessions() {}

    /** Gives the registry that is built from these settings the runtime of a process. */
    public static <E> SessionRegistryBuilder<E> in(Host host, SessionRegistryBuilder<E> settings) {
        return settings.runtime(new Runtime(host), new Random(host.nanoTime()));
    }

    /** Routes an event as the turn of a poll loop does, and waits for the stream if another worker has it. */
    public static <E> void routeOrWait(SessionRegistry<E> registry, String streamId, E event, Duration wanted) {
        if (registry.routePrepared(streamId, event) == RouteResult.LOCKED) {
            registry.want(List.of(streamId), wanted);
        }
    }

    private static final class Runtime extends SessionRuntime {
        private final Host host;

        Runtime(Host host) {
            this.host = host;
        }

        @Override
        long nanoTime() {
            return host.nanoTime();
        }

        @Override
        ExecutorService newExecutor() {
            return host.newExecutor();
        }

        @Override
        <T> T join(CompletableFuture<T> future) {
            boolean interrupted = false;
            while (!future.isDone()) {
                try {
                    host.await(future, Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return future.join();
        }

        @Override
        boolean await(CompletableFuture<?> future, Duration atMost) throws InterruptedException {
            return host.await(future, atMost.toNanos());
        }
    }
}
