package io.streamlocks.proof.faults;

import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.check.RunInfo;
import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.testkit.rig.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** One run: a cluster, load, faults, and the check of its history. */
final class Run {

    /** The time without faults at the beginning and at the end. */
    private static final Duration QUIET = Duration.ofSeconds(3);

    private static final Duration READY_AGAIN = Duration.ofSeconds(10);

    /**
     * A part of a run.
     *
     * @param faults the faults, which are equally frequent; of several, a fault of links often overlaps another one
     * @param length the length of the phase
     */
    record Phase(List<FaultClass> faults, Duration length) {}

    private final String name;
    private final List<Phase> phases;
    private final Settings settings;
    private final long seed;
    private final Path directory;
    private final List<Fault> faults = new ArrayList<>();
    private final List<String> anomalies = new ArrayList<>();
    private final ExecutorService threads = Executors.newSingleThreadExecutor();

    Run(String name, List<Phase> phases, Settings settings, long seed) {
        this.name = name;
        this.phases = phases;
        this.settings = settings;
        this.seed = seed;
        this.directory = settings.output().resolve(name);
    }

    /** Runs. Blocks for the length of the phases and about 30 s more. */
    RunResult run() throws IOException, InterruptedException, SQLException {
        Folders.clear(directory);
        Files.createDirectories(directory);
        // Other runs may have used the same database, so the prefix is unique.
        String streamPrefix = "faults-" + Long.toString(System.currentTimeMillis(), 36) + "-";
        RunInfo info;
        try (Cluster cluster = new Cluster(settings, directory, streamPrefix, seed, has(FaultClass.WORKER_CLOCK))) {
            // The processes would outlive this one if it were told to stop.
            Thread cleaning = new Thread(cluster::close);
            Runtime.getRuntime().addShutdownHook(cleaning);
            info = load(cluster);
            anomalies.addAll(cluster.stopLoad());
            ServiceHistory.save(cluster.coordinators().get(0), streamPrefix, directory.resolve(Check.GRANTS));
            anomalies.addAll(cluster.stopCoordinators());
            Runtime.getRuntime().removeShutdownHook(cleaning);
        } finally {
            threads.shutdownNow();
        }
        JsonLines.write(directory.resolve(Check.FAULTS), faults);
        JsonLines.write(directory.resolve(RunInfo.FILE), List.of(info));
        RunResult result = new RunResult(name, seed, info, faults, anomalies, Check.of(directory));
        if (result.isWell() && !settings.keep()) {
            JsonLines.deleteAll(directory);
        }
        return result;
    }

    private RunInfo load(Cluster cluster) throws IOException, InterruptedException, SQLException {
        cluster.start(has(FaultClass.DISK_FULL));
        long start = System.nanoTime();
        Injector injector = new Injector(cluster, settings, seed);
        Injector beside = new Injector(cluster, settings, seed + 1);
        TimeUnit.NANOSECONDS.sleep(QUIET.toNanos());
        for (Phase phase : phases) {
            inject(phase, cluster, injector, beside);
        }
        cluster.heal();
        TimeUnit.NANOSECONDS.sleep(QUIET.toNanos());
        for (CoordinatorNode coordinator : cluster.coordinators()) {
            if (!coordinator.becomesReady(READY_AGAIN)) {
                anomalies.add(coordinator.process().name() + " is not ready at the end");
            }
        }
        noteDeaths(cluster);
        anomalies.addAll(injector.anomalies());
        anomalies.addAll(beside.anomalies());
        return new RunInfo(start, System.nanoTime(), settings.ttl().toMillis(), settings.coordinators());
    }

    private boolean has(FaultClass fault) {
        return phases.stream().anyMatch(phase -> phase.faults().contains(fault));
    }

    private void inject(Phase phase, Cluster cluster, Injector injector, Injector beside)
            throws IOException, InterruptedException, SQLException {
        Random random = new Random(seed);
        long end = System.nanoTime() + phase.length().toNanos();
        long next = System.nanoTime();
        List<FaultClass> left = new ArrayList<>();
        while (next < end) {
            TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
            if (left.isEmpty()) {
                left.addAll(phase.faults());
            }
            FaultClass one = left.remove(random.nextInt(left.size()));
            Optional<FaultClass> other = left.stream()
                    .filter(fault -> fault.isOfNetwork() != one.isOfNetwork())
                    .filter(fault -> random.nextBoolean())
                    .findFirst();
            other.ifPresent(left::remove);
            long pause = random.nextInt(1000);
            Optional<Future<Fault>> second = other.map(fault -> threads.submit(() -> {
                TimeUnit.MILLISECONDS.sleep(pause);
                return beside.inject(fault);
            }));
            try {
                note(injector.inject(one));
            } finally {
                // The second fault must be over before anything ends the cluster.
                if (second.isPresent()) {
                    note(outcome(second.get()));
                }
            }
            noteDeaths(cluster);
            // At least a second lies between two faults, even if the first one took long.
            next = Math.max(next + settings.every().toNanos(), System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
        }
        TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
    }

    private static Fault outcome(Future<Fault> fault) throws IOException, InterruptedException {
        try {
            return fault.get();
        } catch (ExecutionException e) {
            throw new IOException("The second of two faults at once could not be injected", e.getCause());
        }
    }

    private void note(Fault fault) {
        faults.add(fault);
        System.out.printf(Locale.ROOT, "  %s: %s%n", fault.kind(), fault.what());
    }

    private void noteDeaths(Cluster cluster) throws IOException {
        cluster.deaths().forEach(name -> anomalies.add(name + " ended by itself"));
    }
}
