package io.streamlocks.client.simulation;

import io.streamlocks.client.AcquireOptions;
import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLostException;
import io.streamlocks.client.SimulatedClient;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.Waiter;
import io.streamlocks.client.session.SessionEnd;
import io.streamlocks.client.session.SessionHandler;
import io.streamlocks.client.session.SessionOpenException;
import io.streamlocks.client.session.SessionRegistry;
import io.streamlocks.client.session.SessionState;
import io.streamlocks.client.session.SimulatedSessions;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A worker process: a client and a registry, two threads that route events to it, and one that takes leases without a
 * session. It compares what it sees with what the client promises.
 */
final class SimulatedWorker {

    private final Simulation world;
    private final SimulatedProcess process;
    private final WorkerHost host;
    private final SimulatedExecutor callbacks;
    private final StreamLockClient client;
    private final SessionRegistry<Integer> registry;
    private final List<CompletableFuture<Void>> threads = new ArrayList<>();
    private final List<Holding> holdings = new ArrayList<>();
    private final Map<String, Holding> sessions = new HashMap<>();

    private boolean stopping;
    private boolean dead;
    private int opened;
    private int ended;
    private int events;

    /**
     * @param setsTtl whether the worker names the length of its leases; otherwise the servers choose the same one
     */
    SimulatedWorker(Simulation world, SimulatedProcess process, boolean setsTtl) {
        this.world = world;
        this.process = process;
        this.host = new WorkerHost(process, world.network(), world.ttl());
        this.callbacks = new SimulatedExecutor(process, "callback");
        StreamLockClient.Builder settings = StreamLockClient.builder(URI.create("http://simulated"))
                .ownerId(process.name())
                .acquireTimeout(world.ttl())
                .callbackExecutor(callbacks);
        if (setsTtl) {
            settings.ttl(world.ttl());
        } else {
            // A worker that was never granted a lease would close with the longest time-out there is.
            settings.requestTimeout(world.ttl().dividedBy(4));
        }
        this.client = SimulatedClient.create(settings, host);
        this.registry = SimulatedSessions.in(host, SessionRegistry.builder(client, this::open))
                .maxConcurrentSessions(2 + random().nextInt(3))
                .queueCapacity(3)
                .idleTimeout(world.ttl().dividedBy(2))
                .drainTimeout(world.ttl())
                .onEnd(this::ended)
                .build();
        start("route-1", this::route);
        start("route-2", this::route);
        start("hold", this::hold);
    }

    private interface Body {
        void run() throws InterruptedException;
    }

    private void start(String name, Body body) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        threads.add(done);
        process.start(name, () -> {
            try {
                while (!stopping) {
                    body.run();
                    process.sleep(part(world.ttl().toNanos() / 4));
                }
            } catch (InterruptedException e) {
                throw new AssertionError("An interruption went astray", e);
            }
            done.complete(null);
        });
    }

    private void route() {
        String streamId = world.anyStream();
        try {
            if (random().nextBoolean()) {
                registry.route(streamId, ++events);
            } else {
                SimulatedSessions.routeOrWait(registry, streamId, ++events, world.ttl());
            }
        } catch (CoordinatorUnavailableException | CoordinatorRefusedException | SessionOpenException e) {
            tell("could not route to", streamId, e.getClass().getSimpleName());
        }
        if (random().nextInt(20) == 0) {
            registry.stop(world.anyStream());
        }
        registry.evictIdle();
    }

    /** Takes leases without a session for some time. */
    private void hold() throws InterruptedException {
        List<HeldLease> acquired;
        try {
            acquired = acquire();
        } catch (CoordinatorUnavailableException | CoordinatorRefusedException e) {
            return;
        }
        List<Holding> held = new ArrayList<>();
        for (HeldLease lease : acquired) {
            Holding holding = new Holding(this, lease, false);
            held.add(holding);
            holdings.add(holding);
        }
        for (int i = random().nextInt(6); i > 0 && held.stream().anyMatch(Holding::isSafe); i--) {
            process.sleep(part(world.ttl().toNanos() / 4));
            if (random().nextInt(3) == 0) {
                extend(held.get(random().nextInt(held.size())).lease());
            }
        }
        held.forEach(holding -> {
            holding.end();
            holding.lease().close();
        });
        process.sleep(part(world.ttl().toNanos()));
    }

    /** Acquires in one of the ways that a client has. */
    private List<HeldLease> acquire() throws InterruptedException {
        Duration atMost = Duration.ofNanos(part(2 * world.ttl().toNanos()));
        return switch (random().nextInt(4)) {
            case 0 -> client.tryAcquire(world.anyStream(), options()).stream().toList();
            case 1 ->
                client.acquire(world.anyStream(), atMost, options()).stream().toList();
            case 2 -> client.acquireAny(List.of(world.anyStream(), world.anyStream()), atMost);
            default -> acquireInTwoWaits(atMost.dividedBy(2));
        };
    }

    private AcquireOptions options() {
        AcquireOptions options = AcquireOptions.defaults();
        if (random().nextBoolean()) {
            options = options.withTtl(length());
        }
        return random().nextInt(3) == 0 ? options.withoutRenewal() : options;
    }

    /** Returns a length of a lease that is not above that of the others. */
    private Duration length() {
        long shortest = TimeUnit.SECONDS.toNanos(1);
        long longer = part(world.ttl().toNanos() - shortest);
        return Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(shortest + longer));
    }

    private void extend(HeldLease lease) {
        Duration length = length();
        try {
            lease.extend(length);
            tell("extends its lease of", lease.streamId(), length);
        } catch (CoordinatorUnavailableException | LeaseLostException e) {
            tell("could not extend its lease of", lease.streamId(), e.getClass().getSimpleName());
        }
    }

    /** Keeps the places from one wait to the next. */
    private List<HeldLease> acquireInTwoWaits(Duration atMost) throws InterruptedException {
        try (Waiter waiter = client.newWaiter()) {
            String streamId = world.anyStream();
            List<HeldLease> acquired = waiter.await(List.of(streamId), atMost);
            if (acquired.isEmpty()) {
                process.sleep(part(world.ttl().toNanos()));
                acquired = waiter.await(List.of(streamId, world.anyStream()), atMost);
            }
            return acquired;
        }
    }

    private SessionHandler<Integer> open(HeldLease lease) {
        if (random().nextInt(30) == 0) {
            throw new IllegalStateException("This session does not open");
        }
        Holding holding = new Holding(this, lease, true);
        holdings.add(holding);
        opened++;
        require(sessions.put(lease.streamId(), holding) == null, "a stream has two sessions in one worker");
        return new Work(holding);
    }

    private final class Work implements SessionHandler<Integer> {
        private final Holding holding;

        Work(Holding holding) {
            this.holding = holding;
        }

        @Override
        public void handle(Integer event) throws InterruptedException {
            HeldLease lease = holding.lease();
            for (int i = random().nextInt(2); i >= 0; i--) {
                if (!holding.isSafe()) {
                    return;
                }
                // Anything can happen between the check of the lease and the arrival of the write.
                process.sleep(part(world.ttl().toNanos() / 5));
                world.send(process.name(), lease.streamId(), lease.fencingToken());
            }
            if (random().nextInt(40) == 0) {
                throw new IllegalStateException("This event cannot be handled");
            }
        }

        @Override
        public void close() {
            holding.end();
            require(sessions.remove(holding.lease().streamId(), holding), "a session was closed twice");
        }
    }

    private void ended(SessionEnd<Integer> end) {
        ended++;
        tell("ends its session of", end.streamId(), end.state());
        require(
                end.state() == SessionState.ERRORED || end.loss().isEmpty(),
                "a session whose lease was lost ended as if all were well");
    }

    /** Stops all threads at once and for ever, as SIGKILL does. */
    void kill() {
        tell("is killed");
        dead = true;
        host.cutOff();
        process.stop(Scheduler.NEVER);
    }

    boolean isDead() {
        return dead;
    }

    /** Ends the process in order. If it is dead, this ends the threads that are left. */
    void shutDown() {
        process.resume();
        process.start("main", () -> {
            stopping = true;
            try {
                host.await(CompletableFuture.allOf(threads.toArray(CompletableFuture[]::new)), Scheduler.NEVER);
            } catch (InterruptedException e) {
                throw new AssertionError("An interruption went astray", e);
            }
            registry.drainAll();
            client.close();
            callbacks.shutdown();
            require(!world.isCalm() || holdsNone(), "a worker that stopped in order left a lease");
            tell("has stopped");
        });
    }

    void probe() {
        if (!dead) {
            holdings.forEach(Holding::probe);
        }
    }

    /** Checks what must be true when all threads have ended. */
    void verifyOver() {
        holdings.forEach(Holding::verifyToldOnce);
        require(opened == ended && sessions.isEmpty(), opened + " sessions were opened, and " + ended + " ended");
    }

    private boolean holdsNone() {
        return holdings.stream().map(Holding::lease).noneMatch(one -> holds(one.streamId(), one.fencingToken()));
    }

    SimulatedProcess process() {
        return process;
    }

    long now() {
        return process.scheduler().now();
    }

    boolean holds(String streamId, long fencingToken) {
        return world.isLive(streamId, fencingToken);
    }

    boolean isUncertain(long fencingToken) {
        return world.isUncertain(fencingToken);
    }

    boolean isBelievedInVain(long fencingToken) {
        return world.isBelievedInVain(fencingToken);
    }

    /** A dead process has no duties. */
    void require(boolean holds, String otherwise) {
        if (!holds && !dead) {
            process.scheduler().fail(new AssertionError("Worker " + process.name() + ": " + otherwise));
        }
    }

    void tell(String what, Object... details) {
        process.scheduler().trace().tell(now(), process.name(), what, details);
    }

    private Random random() {
        return process.scheduler().random();
    }

    private long part(long nanos) {
        return (long) (nanos * random().nextDouble());
    }
}
