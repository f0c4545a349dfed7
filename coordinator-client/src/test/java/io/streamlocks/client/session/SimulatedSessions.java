package io.streamlocks.client.session;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;

/** Lets a registry be in a simulated process. */
public final class SimulatedSessions {

    /** The process that a registry is in. */
    public interface Host {

        /** A monotonic clock. */
        long nanoTime();

        /** Runs what is handed to it at once. */
        ExecutorService newExecutor();

        /**
         * Blocks the calling thread until this is done, for so long at most.
         *
         * @return whether it is done
         * @throws InterruptedException if the thread is interrupted and that is to be heard
         */
        boolean await(CompletableFuture<?> future, long nanos) throws InterruptedException;
    }

    private SimulatedSessions() {}

    /** Puts the registry to be into a process. */
    public static <E> SessionRegistry.Builder<E> in(Host host, SessionRegistry.Builder<E> settings) {
        return settings.runtime(new Runtime(host));
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
