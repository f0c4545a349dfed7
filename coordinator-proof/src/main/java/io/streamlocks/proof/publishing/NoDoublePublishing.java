package io.streamlocks.proof.publishing;

import io.streamlocks.examples.api.StreamApi;
import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Link;
import io.streamlocks.testkit.rig.Machine;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Lets the example workers process streams under leases of a real coordinator, kills, suspends and disconnects them
 * meanwhile, and checks what the sink accepted: every event, none twice, none from a stale holder. Without the sink's
 * fence the run is the control, and the sink must accept stale publishes.
 */
public final class NoDoublePublishing implements AutoCloseable {

    private static final int WORKERS = 4;

    private final PublishingSettings settings;
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private final List<String> failures = new ArrayList<>();

    private NoDoublePublishing(PublishingSettings settings) {
        this.settings = settings;
    }

    /**
     * Runs once. Blocks for twice the span of the settings at most, and two minutes more.
     *
     * @param environment the settings
     * @return whether all checks hold
     */
    public static boolean run(Map<String, String> environment) throws IOException, InterruptedException {
        try (NoDoublePublishing run = new NoDoublePublishing(PublishingSettings.from(environment))) {
            // The processes would outlive this one if it were told to stop.
            Runtime.getRuntime().addShutdownHook(new Thread(run::close));
            run.run();
            run.failures.forEach(failure -> System.out.println("FAILED: " + failure));
            return run.failures.isEmpty();
        }
    }

    private void run() throws IOException, InterruptedException {
        Files.createDirectories(settings.logs());
        CoordinatorNode coordinator = startCoordinator();
        StreamApi api =
                closeLater(new StreamApi(0, settings.streams(), settings.events(), settings.span(), settings.fenced()));
        System.out.printf(
                Locale.ROOT,
                "The fence is %s. %d streams, %d events in %d s, ttl %d ms, seed %d, logs in %s%n",
                settings.fenced() ? "on" : "off",
                settings.streams(),
                settings.events(),
                settings.span().toSeconds(),
                settings.ttl().toMillis(),
                settings.seed(),
                settings.logs());
        List<DisturbedWorker> workers = startWorkers(coordinator.port(), api.port());
        long seconds = disturbUntilAllIsAccepted(workers, api);
        // The leases of killed workers end within a ttl. A lock that is left after that is one that a worker failed to
        // release.
        TimeUnit.MILLISECONDS.sleep(settings.ttl().toMillis());
        check(workers.stream().noneMatch(DisturbedWorker::hasEndedByItself), "a worker ended by itself");
        for (DisturbedWorker worker : workers) {
            check(worker.stop(), "a worker did not stop in order");
        }
        String locks = coordinator.get("/v1/locks?prefix=s-");
        check(locks.contains("\"locks\":[]"), "stopped workers left locks: " + locks);
        report(workers, Published.of(api), seconds);
    }

    /** Returns how many seconds it took until the sink had accepted all events and the span was over. */
    private long disturbUntilAllIsAccepted(List<DisturbedWorker> workers, StreamApi api) throws InterruptedException {
        List<Thread> disturbing = workers.stream().map(this::disturb).toList();
        // A slow machine needs longer than the span, but a run must end.
        Duration most = settings.span().multipliedBy(2).plusSeconds(60);
        long start = System.nanoTime();
        long nextLine = 10;
        boolean healing = false;
        while (passed(start).compareTo(most) <= 0
                && (api.accepted() < settings.events() || passed(start).compareTo(settings.span()) < 0)) {
            TimeUnit.MILLISECONDS.sleep(200);
            if (passed(start).toSeconds() >= nextLine) {
                System.out.printf(Locale.ROOT, "%4d s: %d events accepted%n", nextLine, api.accepted());
                nextLine += 10;
            }
            if (!healing && passed(start).compareTo(settings.span()) > 0) {
                healing = true;
                disturbing.forEach(Thread::interrupt);
            }
        }
        long seconds = passed(start).toSeconds();
        if (!healing) {
            disturbing.forEach(Thread::interrupt);
        }
        for (Thread thread : disturbing) {
            thread.join();
        }
        return seconds;
    }

    private Thread disturb(DisturbedWorker worker) {
        Thread thread = new Thread(
                () -> {
                    try {
                        if (settings.joins()) {
                            worker.leaveAndJoin();
                        } else {
                            worker.disturb();
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                "disturb");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void report(List<DisturbedWorker> workers, Published published, long seconds) {
        System.out.printf(
                Locale.ROOT,
                "After %d s: %d stops, %d kills, %d suspensions, %d cuts. Streams were opened %d times.%n",
                seconds,
                workers.stream().mapToInt(DisturbedWorker::leaves).sum(),
                workers.stream().mapToInt(DisturbedWorker::kills).sum(),
                workers.stream().mapToInt(DisturbedWorker::suspensions).sum(),
                workers.stream().mapToInt(DisturbedWorker::cuts).sum(),
                published.opened());
        System.out.println(published.summary(settings.events()));
        failures.addAll(published.failures(settings));
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            failures.add(otherwise);
        }
    }

    private CoordinatorNode startCoordinator() throws IOException, InterruptedException {
        CoordinatorNode coordinator = closeLater(new CoordinatorNode(
                "coordinator",
                List.of(Machine.java(), "-Xmx256m"),
                settings.root().resolve("coordinator-server/target/coordinator.jar"),
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", databaseUrl()),
                settings.logs()));
        coordinator.process().start();
        coordinator.awaitReady();
        return coordinator;
    }

    private String databaseUrl() throws IOException, InterruptedException {
        if (!settings.databaseUrl().isEmpty()) {
            return settings.databaseUrl();
        }
        PostgresServer postgres = closeLater(PostgresServer.builder()
                .log(settings.logs().resolve("postgres.log"))
                .build());
        postgres.start();
        return postgres.url("postgres");
    }

    private List<DisturbedWorker> startWorkers(int coordinatorPort, int streamApiPort) throws IOException {
        Path examples = settings.root().resolve("examples");
        List<String> java = List.of(
                Machine.java(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                examples.resolve("worker-java/target/worker.jar").toString());
        List<String> node = List.of(
                "node",
                examples.resolve("worker-typescript/target/js/src/worker.js").toString());
        Random seeds = new Random(settings.seed());
        List<DisturbedWorker> workers = new ArrayList<>();
        for (int i = 1; i <= WORKERS; i++) {
            Link link = closeLater(new Link(coordinatorPort));
            Map<String, String> environment = new HashMap<>(settings.workerEnvironment(streamApiPort, WORKERS));
            environment.put("COORDINATOR_URL", link.uri().toString());
            ChildProcess process = ChildProcess.command(i % 2 == 0 && settings.typescript() ? node : java)
                    .name("worker-" + i)
                    .environment(environment)
                    .log(settings.logs().resolve("worker-" + i + ".log"))
                    .build();
            DisturbedWorker worker = closeLater(new DisturbedWorker(process, link, settings.ttl(), seeds.nextLong()));
            worker.start();
            workers.add(worker);
        }
        return workers;
    }

    private static Duration passed(long startNanos) {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    private <T extends AutoCloseable> T closeLater(T closeable) {
        synchronized (toClose) {
            toClose.push(closeable);
        }
        return closeable;
    }

    /** Ends all processes. */
    @Override
    public void close() {
        synchronized (toClose) {
            while (!toClose.isEmpty()) {
                try {
                    toClose.pop().close();
                } catch (Exception e) {
                    System.err.println("Could not clean up: " + e);
                }
            }
        }
    }
}
