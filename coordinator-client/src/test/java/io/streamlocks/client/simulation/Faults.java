package io.streamlocks.client.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes faults one after another, and several at once, by chance. */
final class Faults {

    private final Simulation world;
    private final Scheduler scheduler;
    private final Random random;
    private final long ttl;
    private final List<Runnable> kinds;
    private boolean over;

    /** @param forgets whether the storage can forget commits */
    Faults(Simulation world, Scheduler scheduler, boolean forgets) {
        this.world = world;
        this.scheduler = scheduler;
        this.random = scheduler.random();
        this.ttl = world.ttl().toNanos();
        this.kinds = new ArrayList<>(List.of(
                this::pauseWorker,
                this::killWorker,
                this::stopWorker,
                this::crashServer,
                this::pauseServer,
                this::cut,
                this::loseMessages,
                this::duplicateRequests,
                this::slowNetwork,
                this::slowStorage,
                this::failingStorage,
                this::stalledCommits,
                this::lockedRow,
                this::drainServer,
                this::loseReports,
                this::losePlace));
        if (forgets) {
            kinds.add(this::promote);
        }
    }

    /** Starts to make faults. */
    void start() {
        // This makes about two faults per ttl.
        scheduler.after(part(ttl), "fault", () -> {
            if (!over) {
                kinds.get(random.nextInt(kinds.size())).run();
                start();
            }
        });
    }

    /** Ends all faults, including those that last. */
    void heal() {
        over = true;
        tell("all is well from now on");
        world.network().heal();
        healStorage();
        healReports();
        world.storage().transactions().heal();
        world.servers().forEach(server -> {
            server.process().resume();
            server.heal();
        });
        world.workers().stream().filter(worker -> !worker.isDead()).forEach(worker -> worker.process()
                .resume());
        world.fillUpWorkers();
    }

    private void pauseWorker() {
        SimulatedWorker worker = any(world.workers());
        if (!worker.isDead()) {
            // Short pauses count, too: a pause that ends just before or after the lease is the worst.
            long nanos = part(random.nextBoolean() ? 3 * ttl : ttl);
            tell("pauses", worker.process().name(), nanos / 1_000_000);
            worker.process().stop(nanos);
        }
    }

    private void killWorker() {
        any(world.workers()).kill();
        replaceLater();
    }

    private void stopWorker() {
        SimulatedWorker worker = any(world.workers());
        if (!worker.isDead()) {
            tell("stops", worker.process().name());
            world.retire(worker);
            replaceLater();
        }
    }

    private void replaceLater() {
        scheduler.after(part(ttl), "replacement", world::fillUpWorkers);
    }

    private void crashServer() {
        SimulatedServer server = any(world.servers());
        tell("crashes", server.process().name());
        server.crash();
        later(server::start);
    }

    private void pauseServer() {
        SimulatedServer server = any(world.servers());
        tell("pauses", server.process().name());
        server.process().stop(part(ttl));
    }

    /** Cuts a worker off from one server or from all, in one direction or in both. */
    private void cut() {
        SimulatedWorker worker = any(world.workers());
        boolean fromAll = random.nextBoolean();
        int directions = random.nextInt(3);
        SimulatedServer one = any(world.servers());
        long nanos = part(2 * ttl);
        tell("is cut off", worker.process().name(), nanos / 1_000_000);
        world.servers().stream().filter(server -> fromAll || server == one).forEach(server -> world.network()
                .cut(worker.process().name(), server.process().name(), directions != 0, directions != 1, nanos));
    }

    private void loseMessages() {
        tell("the network loses messages");
        world.network().losingRequests = random.nextDouble() * 0.5;
        world.network().losingAnswers = random.nextDouble() * 0.5;
        later(() -> {
            world.network().losingRequests = 0;
            world.network().losingAnswers = 0;
        });
    }

    private void duplicateRequests() {
        tell("the network duplicates requests");
        world.network().duplicating = 0.5;
        later(() -> world.network().duplicating = 0);
    }

    private void slowNetwork() {
        tell("the network is slow");
        long before = world.network().maxNanos;
        world.network().maxNanos = part(ttl / 2);
        later(() -> world.network().maxNanos = before);
    }

    private void slowStorage() {
        tell("the storage is slow");
        world.storage().slowness = part(ttl / 2);
        later(this::healStorage);
    }

    private void failingStorage() {
        tell("the storage fails");
        world.storage().failing = random.nextDouble();
        later(this::healStorage);
    }

    private void stalledCommits() {
        tell("commits are stalled");
        world.storage().transactions().stall = part(2 * ttl);
        later(() -> world.storage().transactions().stall = 0);
    }

    private void lockedRow() {
        String streamId = world.anyStream();
        long nanos = part(2 * ttl);
        tell("a foreign transaction locks a row", streamId, nanos / 1_000_000);
        world.storage().transactions().lock(streamId, nanos);
    }

    private void drainServer() {
        SimulatedServer server = any(world.servers());
        tell("drains", server.process().name());
        server.drain();
        later(server::heal);
    }

    private void loseReports() {
        tell("reports of hand-overs are late or lost");
        world.storage().losingReports = random.nextDouble();
        world.storage().lateReports = part(ttl);
        world.storage().knownToLoseReports = random.nextBoolean();
        later(this::healReports);
    }

    private void healReports() {
        world.storage().losingReports = 0;
        world.storage().lateReports = 0;
        world.storage().knownToLoseReports = false;
        world.servers().forEach(SimulatedServer::reportsMayBeLost);
    }

    private void losePlace() {
        String streamId = world.anyStream();
        tell("a place is lost", streamId);
        world.storage().losePlace(streamId);
    }

    private void promote() {
        tell("a standby is promoted that lags");
        world.storage().promoteWithoutTheLatest(part(ttl));
        world.servers().forEach(SimulatedServer::reportsMayBeLost);
    }

    private void healStorage() {
        world.storage().slowness = 0;
        world.storage().failing = 0;
    }

    private void later(Runnable end) {
        scheduler.after(part(2 * ttl), "end of a fault", () -> {
            if (!over) {
                end.run();
            }
        });
    }

    private <T> T any(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    private long part(long nanos) {
        return (long) (nanos * random.nextDouble());
    }

    private void tell(String what, Object... details) {
        scheduler.trace().tell(scheduler.now(), "fault", what, details);
    }
}
