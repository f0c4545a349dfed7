package io.streamlocks.client.simulation;

import io.streamlocks.client.SimulatedClient;
import io.streamlocks.client.session.SimulatedSessions;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;

/** The process of a client and a registry, as they see it. */
final class WorkerHost implements SimulatedClient.Host, SimulatedSessions.Host {

    private final SimulatedProcess process;
    private final Network network;
    private final Duration defaultTtl;
    private final long timeoutNanos;
    private final List<Network.Connection> connections = new ArrayList<>();
    private boolean cutOff;
    private int executors;

    WorkerHost(SimulatedProcess process, Network network, Duration defaultTtl) {
        this.process = process;
        this.network = network;
        this.defaultTtl = defaultTtl;
        this.timeoutNanos = defaultTtl.toNanos() / 4;
    }

    /** Lets no call leave the process from now on. */
    void cutOff() {
        cutOff = true;
        // A dead process closes its connections; a dead machine does not.
        if (process.scheduler().random().nextBoolean()) {
            connections.forEach(Network.Connection::abandon);
        }
    }

    @Override
    public long nanoTime() {
        return process.nanoTime();
    }

    @Override
    public double random() {
        return process.scheduler().random().nextDouble();
    }

    @Override
    public UUID newUuid() {
        return new UUID(
                process.scheduler().random().nextLong(),
                process.scheduler().random().nextLong());
    }

    @Override
    public Thread newThread(String name, Runnable body) {
        return new SimulatedThread(process, name, body);
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        process.sleep(nanos);
    }

    @Override
    public Duration defaultTtl() {
        return defaultTtl;
    }

    @Override
    public String caller() {
        return process.name();
    }

    @Override
    public void park(long nanos) {
        SimulatedThread.current().park(process.inNanos(nanos));
    }

    @Override
    public void unpark(Thread thread) {
        ((SimulatedThread) thread).unpark();
    }

    @Override
    public <O> List<O> call(Function<GroupCommit, CompletableFuture<List<O>>> request) {
        if (cutOff) {
            throw new Network.NoAnswerException("The process is dead", null);
        }
        return network.call(process, timeoutNanos, request);
    }

    @Override
    public SimulatedClient.Connection connect() {
        Network.Connection connection = network.connect(process);
        connections.add(connection);
        return new SimulatedClient.Connection() {
            @Override
            public List<AcquireOutcome> acquire(List<AcquireRequest> requests, Duration wait, Duration patience) {
                if (cutOff) {
                    throw new Network.NoAnswerException("The process is dead", null);
                }
                return connection.acquire(requests, wait, patience);
            }

            @Override
            public void close() {
                connection.close();
            }
        };
    }

    @Override
    public ExecutorService newExecutor() {
        return new SimulatedExecutor(process, "pool-" + executors++);
    }

    @Override
    public boolean await(CompletableFuture<?> future, long nanos) throws InterruptedException {
        SimulatedThread self = SimulatedThread.current();
        long until = process.inNanos(nanos);
        if (!future.isDone()) {
            future.whenComplete((result, failure) -> process.scheduler().wake(self));
        }
        while (!future.isDone() && process.scheduler().now() < until) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            self.block(until);
        }
        return future.isDone();
    }
}
