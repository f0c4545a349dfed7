package io.streamlocks.proof.faults;

import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.process.Cleanup;
import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.proof.process.SteppedClock;
import io.streamlocks.proof.worker.Resource;
import io.streamlocks.proof.worker.Worker;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Link;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** All processes of a run and the network between them. One thread starts and ends them; another one may close them. */
public final class Cluster implements AutoCloseable {

    /** Many JVMs that live for a minute or two share few cores. */
    private static final List<String> JVM =
            List.of(Machine.java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dsun.net.httpserver.nodelay=true");

    private static final Pattern LINE = Pattern.compile("(.*)\\R");
    private static final Duration START = Duration.ofMinutes(1);

    private final Settings settings;
    private final Path directory;
    private final String streamPrefix;
    private final Random seeds;
    private final Cleanup cleanup = new Cleanup();
    private final List<CoordinatorNode> coordinators = new ArrayList<>();
    private final List<WorkerNode> workers = new ArrayList<>();
    private final SharedClasses coordinatorClasses;
    private final SharedClasses workerClasses;
    private final boolean clocksCanBeStepped;
    private Optional<PostgresPair> postgres = Optional.empty();
    private Optional<ChildProcess> resource = Optional.empty();
    private String[] resourceUrls = {};

    /**
     * Describes a cluster, and starts nothing.
     *
     * @param directory the directory for the output of the processes
     * @param streamPrefix the prefix of all streams of the run
     */
    public Cluster(Settings settings, Path directory, String streamPrefix, long seed, boolean clocksCanBeStepped) {
        this.settings = settings;
        this.directory = directory;
        this.streamPrefix = streamPrefix;
        this.seeds = new Random(seed);
        Path archives = Objects.requireNonNull(settings.ownJar().getParent());
        this.coordinatorClasses = new SharedClasses(archives.resolve("coordinator"), settings.coordinatorJar());
        this.workerClasses = new SharedClasses(archives.resolve("worker"), settings.ownJar());
        this.clocksCanBeStepped = clocksCanBeStepped;
    }

    /**
     * Starts a database, or uses that of the settings, and starts everything else. Blocks until the workers work.
     *
     * @param smallDisks whether each server of the database has a small disk of its own
     */
    void start(boolean smallDisks) throws IOException, InterruptedException, SQLException {
        RunDatabase database = RunDatabase.start(settings, directory, smallDisks, cleanup);
        postgres = database.postgres();
        start(database.accesses());
    }

    /** Starts a coordinator with each of these ways to a database, and the load. Blocks until the workers work. */
    public void start(List<DatabaseAccess> database) throws IOException, InterruptedException {
        startResource();
        for (DatabaseAccess access : database) {
            List<String> jvm = new ArrayList<>(JVM);
            jvm.addAll(coordinatorClasses.options(coordinators.isEmpty()));
            jvm.add("-Xmx256m");
            coordinators.add(cleanup.closeLater(new CoordinatorNode(
                    "coordinator-" + (coordinators.size() + 1),
                    jvm,
                    settings.coordinatorJar(),
                    Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", access.url()),
                    directory,
                    access.links())));
        }
        for (CoordinatorNode coordinator : coordinators) {
            coordinator.process().start();
        }
        for (CoordinatorNode coordinator : coordinators) {
            coordinator.awaitReady();
        }
        resourceUrls = resource.orElseThrow().awaitOutput(LINE, START).group(1).split(" ");
        for (int i = 0; i < settings.workers(); i++) {
            List<Link> links = new ArrayList<>();
            for (CoordinatorNode coordinator : coordinators) {
                links.add(cleanup.closeLater(new Link(coordinator.port())));
            }
            workers.add(cleanup.closeLater(new WorkerNode(i + 1, links, worker -> workerProcess(worker, links))));
        }
        for (WorkerNode worker : workers) {
            worker.start();
        }
        for (WorkerNode worker : workers) {
            worker.process().awaitOutput(LINE, START);
        }
    }

    private void startResource() throws IOException {
        List<String> command = new ArrayList<>(JVM);
        command.addAll(List.of(
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Resource.class.getName(),
                Integer.toString(settings.streams()),
                directory.resolve(Check.WRITES).toString(),
                directory.resolve(Check.WRITES_UNFENCED).toString()));
        resource = Optional.of(cleanup.closeLater(process("resource", command, Map.of())));
        resource.get().start();
    }

    private ChildProcess workerProcess(WorkerNode worker, List<Link> links) throws IOException {
        List<String> command = new ArrayList<>(JVM);
        command.addAll(workerClasses.options(worker.number() == 1));
        command.addAll(List.of(
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                Worker.class.getName(),
                worker.owner(),
                directory.resolve(Check.CALLS + worker.owner() + ".jsonl").toString(),
                streamPrefix,
                Integer.toString(settings.streams()),
                Integer.toString(settings.threads()),
                Long.toString(settings.ttl().toMillis()),
                Long.toString(seeds.nextLong()),
                resourceUrls[0],
                resourceUrls[1]));
        links.forEach(link -> command.add(link.uri().toString()));
        Map<String, String> environment = clocksCanBeStepped ? SteppedClock.environment(clockOf(worker)) : Map.of();
        return process(worker.owner(), command, environment);
    }

    private ChildProcess process(String name, List<String> command, Map<String, String> environment)
            throws IOException {
        return ChildProcess.command(command)
                .name(name)
                .environment(environment)
                .log(directory.resolve(name + ".log"))
                .build();
    }

    /** Returns the file that steps the clock of a worker. */
    Path clockOf(WorkerNode worker) {
        return directory.resolve("clock-" + worker.number());
    }

    /** Returns the coordinators, in the order of the ways to the database. */
    public List<CoordinatorNode> coordinators() {
        return coordinators;
    }

    List<WorkerNode> workers() {
        return workers;
    }

    /** Returns the servers that this cluster started. Returns nothing if the database is the user's. */
    Optional<PostgresPair> postgres() {
        return postgres;
    }

    /** Passes everything on all links again. */
    void heal() {
        coordinators.forEach(node -> node.toDatabase().forEach(Link::heal));
        workers.forEach(node -> node.toCoordinators().forEach(Link::heal));
    }

    /** Returns the processes that ended by themselves. Reports each end once. Starts coordinators again. */
    public List<String> deaths() throws IOException {
        List<String> died = new ArrayList<>();
        for (CoordinatorNode coordinator : coordinators) {
            if (coordinator.process().hasDied()) {
                died.add(coordinator.process().name());
                coordinator.process().start();
            }
        }
        Stream.concat(workers.stream().map(WorkerNode::process), resource.stream())
                .filter(ChildProcess::hasDied)
                .map(ChildProcess::name)
                .forEach(died::add);
        return died;
    }

    /** Ends the workers and the resource, which write the rest of their history. Returns the failures. */
    public List<String> stopLoad() throws InterruptedException {
        List<String> wrong = new ArrayList<>();
        List<Thread> stopping = workers.stream()
                .map(worker -> new Thread(() -> {
                    try {
                        Duration atMost = workerClasses.timeToEnd(worker.number() == 1, Duration.ofSeconds(20));
                        if (!worker.process().terminate(atMost)) {
                            synchronized (wrong) {
                                wrong.add("worker " + worker.owner() + " did not stop in order");
                            }
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }))
                .toList();
        stopping.forEach(Thread::start);
        for (Thread thread : stopping) {
            thread.join();
        }
        if (!resource.orElseThrow().terminate(Duration.ofSeconds(30))) {
            wrong.add("the resource did not stop in order");
        }
        return wrong;
    }

    /** Ends the coordinators. Returns the failures. */
    public List<String> stopCoordinators() throws InterruptedException {
        List<String> wrong = new ArrayList<>();
        for (CoordinatorNode coordinator : coordinators) {
            if (!stop(coordinator)) {
                wrong.add(coordinator.process().name() + " did not stop in order");
            }
        }
        return wrong;
    }

    /** Ends a coordinator. Returns whether it ended in order and in time. */
    boolean stop(CoordinatorNode coordinator) throws InterruptedException {
        Duration atMost = coordinatorClasses.timeToEnd(coordinator == coordinators.get(0), Duration.ofSeconds(15));
        return coordinator.process().terminate(atMost);
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
