package io.streamlocks.proof.faults;

import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.proof.process.SteppedClock;
import io.streamlocks.testkit.rig.Link;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Injects faults in an order that a seed determines, and undoes each. One thread at a time may use it. */
final class Injector {

    private final Cluster cluster;
    private final Settings settings;
    private final Random random;
    private final List<String> anomalies = new ArrayList<>();

    // The fault under way.
    private long start;

    private long databaseBack;

    /** The worker that was killed; null if none was. */
    private @Nullable String killed;

    Injector(Cluster cluster, Settings settings, long seed) {
        this.cluster = cluster;
        this.settings = settings;
        this.random = new Random(seed);
    }

    /** Returns the failures that were not injected. */
    List<String> anomalies() {
        return anomalies;
    }

    /** Injects a fault. Blocks until it is over: the processes run and the links pass. */
    Fault inject(FaultClass fault) throws IOException, InterruptedException, SQLException {
        databaseBack = 0;
        killed = null;
        start = System.nanoTime();
        String what =
                switch (fault) {
                    case WORKER_KILL -> killWorker();
                    case WORKER_STOP -> stopWorkers();
                    case COORDINATOR_KILL -> killCoordinator();
                    case COORDINATOR_STOP -> stopCoordinator();
                    case ROLLING_RESTART -> restartAll();
                    case PARTITION_WORKERS -> cut(workerLinks());
                    case PARTITION_DATABASE -> cut(databaseLinks());
                    case LATENCY -> delay(anyLinks());
                    case REPLY_DROPPED -> set(anyLinks(), Link.State.REPLY_DROPPED);
                    case POSTGRES_KILL -> killPostgres();
                    case LOCKS_HELD -> holdLocks();
                    case ROWS_LOCKED -> lockRows();
                    case COMMIT_STALLED -> stallCommits();
                    case WORKER_CLOCK -> stepClocks();
                    case PROMOTION -> promote();
                    case DISK_FULL -> fillDisk();
                };
        return new Fault(fault.toString(), what, start, System.nanoTime(), killed, databaseBack);
    }

    private String killWorker() throws IOException, InterruptedException {
        WorkerNode worker = anyOf(cluster.workers());
        killed = worker.owner();
        start = System.nanoTime();
        worker.process().kill();
        sleep(millis(0, 1000));
        worker.start();
        return "killed " + killed;
    }

    private String stopWorkers() throws IOException, InterruptedException {
        List<WorkerNode> stopped = someOf(cluster.workers(), 2);
        for (WorkerNode worker : stopped) {
            worker.process().pause();
        }
        sleep(settings.ttl().toMillis() + millis(300, 1500));
        for (WorkerNode worker : stopped) {
            worker.process().resume();
        }
        return "stopped " + stopped.stream().map(WorkerNode::owner).toList();
    }

    private String killCoordinator() throws IOException, InterruptedException {
        CoordinatorNode coordinator = anyOf(cluster.coordinators());
        coordinator.process().kill();
        sleep(millis(0, 1000));
        coordinator.process().start();
        coordinator.awaitReady();
        return "killed " + coordinator.process().name();
    }

    private String stopCoordinator() throws IOException, InterruptedException {
        CoordinatorNode coordinator = anyOf(cluster.coordinators());
        long ms = millis(500, settings.ttl().toMillis() * 3 / 2);
        coordinator.process().pause();
        sleep(ms);
        coordinator.process().resume();
        return "stopped " + coordinator.process().name() + " for " + ms + " ms";
    }

    private String restartAll() throws IOException, InterruptedException {
        for (CoordinatorNode coordinator : cluster.coordinators()) {
            if (!cluster.stop(coordinator)) {
                anomalies.add(coordinator.process().name() + " did not stop in order");
            }
            coordinator.process().start();
            coordinator.awaitReady();
        }
        return "restarted all coordinators";
    }

    /** Links that fail together, with a name for the report, and whether they lead to the database. */
    private record Links(String name, List<Link> links, boolean toDatabase) {}

    private Links anyLinks() {
        return random.nextBoolean() && settings.reachesDatabaseThroughLinks() ? databaseLinks() : workerLinks();
    }

    private Links workerLinks() {
        if (random.nextBoolean()) {
            WorkerNode worker = anyOf(cluster.workers());
            return new Links(worker.owner() + " and all coordinators", worker.toCoordinators(), false);
        }
        int at = random.nextInt(cluster.coordinators().size());
        return new Links(
                "all workers and " + cluster.coordinators().get(at).process().name(),
                cluster.workers().stream()
                        .map(worker -> worker.toCoordinators().get(at))
                        .toList(),
                false);
    }

    private Links databaseLinks() {
        if (random.nextInt(4) == 0) {
            return new Links(
                    "all coordinators and PostgreSQL",
                    cluster.coordinators().stream()
                            .flatMap(node -> node.toDatabase().stream())
                            .toList(),
                    true);
        }
        CoordinatorNode coordinator = anyOf(cluster.coordinators());
        return new Links(coordinator.process().name() + " and PostgreSQL", coordinator.toDatabase(), true);
    }

    private String cut(Links links) throws InterruptedException {
        return set(
                links,
                anyOf(List.of(
                        Link.State.SILENT,
                        Link.State.SILENT_TO_SERVER,
                        Link.State.SILENT_TO_CLIENT,
                        Link.State.RESET)));
    }

    private String set(Links links, Link.State state) throws InterruptedException {
        long ms = millis(500, settings.ttl().toMillis() * 3 / 2);
        links.links().forEach(link -> link.set(state));
        sleep(ms);
        heal(links);
        return state + " between " + links.name() + " for " + ms + " ms";
    }

    private String delay(Links links) throws InterruptedException {
        // The delay applies to each direction.
        long ms = millis(500, 2500);
        links.links().forEach(link -> link.delay(ms));
        sleep(millis(1500, 4500));
        heal(links);
        return ms + " ms each way between " + links.name();
    }

    private void heal(Links links) {
        links.links().forEach(Link::heal);
        if (links.toDatabase()) {
            databaseBack = System.nanoTime();
        }
    }

    private String holdLocks() throws SQLException, InterruptedException {
        boolean all = random.nextBoolean();
        String what = new TableLocks(postgres().primary()).hold(all, millis(1000, 4000));
        if (all) {
            databaseBack = System.nanoTime();
        }
        return what;
    }

    private String lockRows() throws SQLException, InterruptedException {
        long ttl = settings.ttl().toMillis();
        List<Integer> streams =
                IntStream.rangeClosed(1, settings.streams()).boxed().toList();
        List<TableLocks.Session> sessions = new ArrayList<>();
        for (int left = 2 + random.nextInt(5); left > 0; left--) {
            List<Integer> locked = someOf(streams, settings.streams() / 4 + 1);
            sessions.add(new TableLocks.Session(locked, millis(0, ttl), millis(ttl / 10, ttl * 2)));
        }
        return new TableLocks(postgres().primary()).hold(sessions);
    }

    private String stallCommits() throws IOException, InterruptedException, SQLException {
        long ms = millis(settings.ttl().toMillis() / 2, settings.ttl().toMillis() * 5 / 2);
        postgres().stallCommits(ms);
        databaseBack = System.nanoTime();
        return "commits waited for a standby for " + ms + " ms";
    }

    private String killPostgres() throws IOException, InterruptedException, SQLException {
        long ms = millis(0, 1500);
        postgres().killAndRestart(ms);
        databaseBack = System.nanoTime();
        return "killed PostgreSQL and started it after " + ms + " ms";
    }

    private String promote() throws IOException, InterruptedException, SQLException {
        postgres().failOver(millis(0, 1000));
        databaseBack = System.nanoTime();
        postgres().replaceStandby();
        return "killed the primary, promoted its standby, and made a new standby";
    }

    private String fillDisk() throws IOException, InterruptedException, SQLException {
        PostgresServer primary = postgres().primary();
        Ballast.fill(primary.data());
        sleep(millis(1000, 3000));
        Ballast.empty(primary.data());
        boolean died = !writesGoOn(primary);
        if (died) {
            primary.start();
            postgres().awaitWrites();
            databaseBack = System.nanoTime();
        }
        return "filled the disk of PostgreSQL" + (died ? ", which ended and was started again" : "");
    }

    /** Returns whether a PostgreSQL that has space again goes on by itself, if only after a recovery. */
    private boolean writesGoOn(PostgresServer primary) throws IOException, InterruptedException {
        long emptied = System.nanoTime();
        // A failed write may end PostgreSQL a moment after the space is back.
        while (databaseBack == 0 || System.nanoTime() - emptied < TimeUnit.MILLISECONDS.toNanos(500)) {
            if (!primary.process().isAlive()) {
                return false;
            }
            if (System.nanoTime() - emptied > TimeUnit.SECONDS.toNanos(30)) {
                throw new IOException("PostgreSQL accepts no writes although its disk has space");
            }
            if (databaseBack == 0 && postgres().takesWrites()) {
                databaseBack = System.nanoTime();
            }
            sleep(20);
        }
        return true;
    }

    private String stepClocks() throws IOException, InterruptedException {
        List<WorkerNode> stepped = someOf(cluster.workers(), 4);
        for (WorkerNode worker : stepped) {
            SteppedClock.step(cluster.clockOf(worker), random.nextBoolean() ? 3600 : -3600);
        }
        sleep(millis(2000, 4500));
        for (WorkerNode worker : stepped) {
            SteppedClock.step(cluster.clockOf(worker), 0);
        }
        return "stepped the clocks of "
                + stepped.stream().map(WorkerNode::owner).toList();
    }

    private PostgresPair postgres() {
        return cluster.postgres().orElseThrow();
    }

    private <T> T anyOf(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    private <T> List<T> someOf(List<T> all, int most) {
        List<T> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, random);
        return shuffled.subList(0, 1 + random.nextInt(most));
    }

    private long millis(long from, long to) {
        return from + random.nextInt((int) (to - from + 1));
    }

    private static void sleep(long ms) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(ms);
    }
}
