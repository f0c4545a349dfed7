package io.streamlocks.client.simulation;

import io.streamlocks.client.simulation.SimulatedStorage.Judging;
import io.streamlocks.client.simulation.SimulatedStorage.Losses;
import io.streamlocks.client.simulation.SimulatedStorage.Queues;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.waiting.SimulatedWaitingRoom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One run with workers, servers, a storage and a resource. There are faults by chance for ten times the ttl. Then there
 * is a time without faults, in which every stream must be served again, and an end in order.
 */
final class Simulation {

    /**
     * The world that is simulated.
     *
     * @param fenced whether the resource checks fencing tokens
     * @param drift the most by which clocks run too fast or too slowly, as a fraction
     * @param judging how the storage judges a row that is locked
     * @param queues the rules of queues that are followed
     * @param losses whether the storage forgets commits
     */
    record World(boolean fenced, double drift, Judging judging, Queues queues, Losses losses) {

        /** The world as it should be: two clocks differ by less than the client's margin, a tenth of the ttl. */
        static final World SOUND = new World(true, 0.04);

        World(boolean fenced, double drift) {
            this(fenced, drift, Judging.LOCKED_ROW, Queues.ALL, Losses.NONE);
        }

        World(Judging judging) {
            this(true, 0.04, judging, Queues.ALL, Losses.NONE);
        }

        World(Queues queues) {
            this(true, 0.04, Judging.LOCKED_ROW, queues, Losses.NONE);
        }

        World(Losses losses) {
            this(true, 0.04, Judging.LOCKED_ROW, Queues.ALL, losses);
        }
    }

    /**
     * The outcome of a run.
     *
     * @param hash a hash of all that happened
     * @param steps how many events there were
     * @param operations how many outcomes of the storage were checked
     * @param grants how many leases were granted
     * @param handOvers how many of them to callers that waited
     * @param takenOver how often a later call took the place of a call over
     * @param promotions how often the storage forgot commits
     * @param accepted how many writes the resource took
     * @param refused how many writes its fence refused
     * @param takeover how long the slowest stream had to wait for a write after the faults had ended
     * @param ttl the length of the leases
     */
    record Outcome(
            long hash,
            long steps,
            int operations,
            int grants,
            int handOvers,
            int takenOver,
            int promotions,
            int accepted,
            int refused,
            Duration takeover,
            Duration ttl) {}

    /** A lease that is granted late, by a duplicate or a slow statement, is over after another ttl. */
    static final int TAKEOVER_TTLS = 3;

    private static final int FAULTY_TTLS = 10;
    private static final long PROBE_INTERVAL = TimeUnit.MILLISECONDS.toNanos(25);

    /** How long a queue may stand still without faults: a server looks at it once per second. */
    private static final long QUEUES_MOVE_WITHIN = TimeUnit.MILLISECONDS.toNanos(SimulatedWaitingRoom.LOOK_MS * 3 / 2);

    /** A lease of a caller that waited for nobody ends with its ttl, and so do the leases of those before it. */
    private static final int TTLS_PER_WAITER = 2;

    /** A worker that dies leaves places that nobody can be granted the stream before. Two of its calls may wait. */
    private static final int PLACES_PER_WORKER = 2;

    private final World world;
    private final Trace trace;
    private final Scheduler scheduler;
    private final Duration ttl;
    private final LeaseLedger ledger = new LeaseLedger();
    private final SimulatedStorage storage;
    private final List<SimulatedServer> servers;
    private final Network network;
    private final FencedResource resource;
    private final List<String> streams;
    private final int workerCount;
    private boolean calm;

    /** When the faults ended; negative before that. */
    private long queuesMoveSince = -1;

    /** Since when streams could be handed over. */
    private final Map<String, Long> dueSince = new HashMap<>();

    /** The workers that are at work. The former ones have stopped or are dead. */
    private final List<SimulatedWorker> workers = new ArrayList<>();

    private final List<SimulatedWorker> formerWorkers = new ArrayList<>();

    Simulation(long seed, World world, Trace trace) {
        this.world = world;
        this.trace = trace;
        this.scheduler = new Scheduler(seed, trace);
        this.ttl = Duration.ofSeconds(1 + random().nextInt(3));
        this.storage = new SimulatedStorage(
                scheduler, rate(), ledger, world.judging(), world.queues(), world.losses(), ttl.toNanos() / 2);
        this.servers = IntStream.rangeClosed(1, 1 + random().nextInt(3))
                .mapToObj(i -> new SimulatedServer(new SimulatedProcess("server-" + i, scheduler, rate()), storage))
                .toList();
        this.network = new Network(scheduler, servers);
        this.resource = new FencedResource(scheduler, ledger, world.fenced());
        this.streams = IntStream.rangeClosed(1, 1 + random().nextInt(4))
                .mapToObj(i -> "stream-" + i)
                .toList();
        this.workerCount = 2 + random().nextInt(4);
    }

    private double rate() {
        return 1 + world.drift() * (2 * random().nextDouble() - 1);
    }

    /**
     * Runs the simulation.
     *
     * @throws Throwable if a promise is broken
     */
    Outcome run() throws Throwable {
        fillUpWorkers();
        Faults faults = new Faults(this, scheduler, world.losses() != Losses.NONE);
        faults.start();
        probe();
        pass(ttl.multipliedBy(FAULTY_TTLS));
        faults.heal();
        long healedAt = scheduler.now();
        queuesMoveSince = healedAt;
        // Its leases end without a release, and servers must notice that.
        scheduler.after((long) (ttl.toNanos() * random().nextDouble()), "death", () -> {
            workers.get(random().nextInt(workers.size())).kill();
            fillUpWorkers();
        });
        int waiting = streams.stream().mapToInt(storage::waiting).max().orElse(0);
        long takeover = 0;
        for (int i = 0; i < TAKEOVER_TTLS * 20 || !isServed(healedAt, i, waiting); i++) {
            takeover = resource.servedSince(healedAt, streams) ? takeover : scheduler.now() - healedAt;
            pass(ttl.dividedBy(20));
        }
        require(resource.servedSince(healedAt, streams), "a stream was not served after the faults had ended");
        end();
        return new Outcome(
                trace.hash(),
                trace.steps(),
                ledger.operations(),
                ledger.grants(),
                storage.queueLedger().handOvers(),
                storage.queueLedger().takenOver(),
                storage.promotions(),
                resource.accepted(),
                resource.refused(),
                Duration.ofNanos(takeover),
                ttl);
    }

    /** Returns whether all streams were served, or had enough time for that. */
    private boolean isServed(long healedAt, int steps, int waiting) {
        Duration enough = ttl.multipliedBy(TAKEOVER_TTLS + TTLS_PER_WAITER * (waiting + workerCount))
                .plus(Limits.PLACE_KEPT.multipliedBy(PLACES_PER_WORKER));
        return resource.servedSince(healedAt, streams)
                || ttl.dividedBy(20).multipliedBy(steps).compareTo(enough) >= 0;
    }

    private void end() throws Throwable {
        List<SimulatedWorker> all =
                Stream.concat(formerWorkers.stream(), workers.stream()).toList();
        calm = true;
        workers.forEach(SimulatedWorker::shutDown);
        formerWorkers.stream().filter(SimulatedWorker::isDead).forEach(SimulatedWorker::shutDown);
        pass(ttl.multipliedBy(6));
        servers.forEach(server -> require(server.isEmpty(), "a server remembers calls that are over"));
        servers.forEach(SimulatedServer::crash);
        pass(ttl);
        require(
                scheduler.threads().isEmpty(),
                "threads did not end: "
                        + scheduler.threads().stream().map(Thread::getName).toList());
        all.forEach(SimulatedWorker::verifyOver);
        pass(Duration.ZERO);
    }

    private void pass(Duration time) throws Throwable {
        scheduler.runUntil(scheduler.now() + time.toNanos());
    }

    private void probe() {
        workers.forEach(SimulatedWorker::probe);
        probeQueues();
        scheduler.after(PROBE_INTERVAL, "probe", this::probe);
    }

    /** Checks that queues move and callers are informed of their grants, when there are no faults. */
    private void probeQueues() {
        if (queuesMoveSince < 0) {
            return;
        }
        Set<String> awaited = new HashSet<>();
        for (SimulatedServer server : servers) {
            for (SimulatedServer.Call call : server.waiting()) {
                long since = Math.max(call.arrivedAt(), queuesMoveSince);
                for (AcquireRequest request : call.requests()) {
                    awaited.add(request.streamId());
                    storage.handedOverAt(request.streamId(), request.leaseId())
                            .ifPresent(at -> require(
                                    isRecent(Math.max(at, since)),
                                    "a call waits although its lease was granted: " + request));
                }
            }
        }
        for (String streamId : streams) {
            if (!awaited.contains(streamId) || !storage.isDue(streamId)) {
                dueSince.remove(streamId);
            } else {
                require(
                        isRecent(dueSince.computeIfAbsent(streamId, id -> scheduler.now())),
                        "a free stream is not handed over to the first caller that waits: " + streamId);
            }
        }
    }

    private boolean isRecent(long nanos) {
        return scheduler.now() - nanos < QUEUES_MOVE_WITHIN;
    }

    /** Starts as many workers as are missing. */
    void fillUpWorkers() {
        workers.stream().filter(SimulatedWorker::isDead).forEach(formerWorkers::add);
        workers.removeIf(SimulatedWorker::isDead);
        while (workers.size() < workerCount) {
            int number = workers.size() + formerWorkers.size() + 1;
            SimulatedProcess process = new SimulatedProcess("worker-" + number, scheduler, rate());
            workers.add(new SimulatedWorker(this, process, number % 2 == 0));
        }
    }

    /** Stops a worker in order. */
    void retire(SimulatedWorker worker) {
        workers.remove(worker);
        formerWorkers.add(worker);
        worker.shutDown();
        if (workers.isEmpty()) {
            fillUpWorkers();
        }
    }

    /** Sends a write to the resource. */
    void send(String who, String streamId, long fencingToken) {
        scheduler.after(network.delay(), who + " writes", () -> {
            boolean accepted = resource.write(streamId, fencingToken);
            trace.tell(scheduler.now(), "resource", accepted ? "accepts" : "REFUSES", streamId, fencingToken, who);
        });
    }

    /** Returns whether the faults, and their late effects, are long over. */
    boolean isCalm() {
        return calm;
    }

    boolean isLive(String streamId, long fencingToken) {
        return ledger.isLive(streamId, fencingToken, storage.now());
    }

    /** Returns whether a worker may learn that a live grant is over, because the storage has forgotten commits. */
    boolean isUncertain(long fencingToken) {
        return ledger.isUncertain(fencingToken, storage.now());
    }

    /** Returns whether a worker may believe in a grant that is over, because the storage has forgotten commits. */
    boolean isBelievedInVain(long fencingToken) {
        return ledger.isBelievedInVain(fencingToken, storage.now());
    }

    String anyStream() {
        return streams.get(random().nextInt(streams.size()));
    }

    Duration ttl() {
        return ttl;
    }

    Network network() {
        return network;
    }

    SimulatedStorage storage() {
        return storage;
    }

    List<SimulatedServer> servers() {
        return servers;
    }

    /** Returns the workers that are running, paused, or killed and not replaced yet. */
    List<SimulatedWorker> workers() {
        return workers;
    }

    private Random random() {
        return scheduler.random();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
