package io.streamlocks.bench;

import io.streamlocks.bench.Contender.NotInstalledException;
import io.streamlocks.bench.Options.Command;
import io.streamlocks.bench.Options.UsageException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TimeZone;
import java.util.stream.Stream;

/** Measures the coordinator and other locks. README.md describes the use. */
public final class Bench implements AutoCloseable {

    /** Takes part only in the measure of hand-overs, where it replaces the waiting acquires of the coordinator. */
    private static final String POLLING = "polling";

    private static final int STREAMS = 10_000;
    private static final int MANY_STREAMS = 1_000_000;
    private static final List<Integer> WORKERS = List.of(1, 16, 64, 256);
    private static final List<Integer> SHORT_WORKERS = List.of(1, 8);
    private static final List<Integer> PEER_WORKERS = List.of(64);
    private static final int BATCH_WORKERS = 16;
    private static final int HEARTBEAT_WORKERS = 8;
    private static final int GROWTH_WORKERS = 64;
    private static final int PROCESSES = 64;
    private static final int WAITING_WORKERS = 64;

    private final Options options;
    private final Path output;
    private final Processes processes = new Processes();
    private final Map<String, Contender> contenders = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();
    private final Path directory;
    private final Bed bed;
    private volatile Postgres postgres;
    private Optional<CoordinatorContender> withoutHistory = Optional.empty();

    private Bench(Options options) throws Exception {
        this.options = options;
        Path target = target();
        this.output = Files.createDirectories(target.resolve("bench"));
        this.directory = Files.createTempDirectory(output, "run-");
        // The servers would outlive this process if it were told to stop.
        Runtime.getRuntime().addShutdownHook(new Thread(this::stopServers, "stop"));
        this.postgres = Postgres.start(directory);
        Path coordinatorJar = Bed.jar("BENCH_COORDINATOR_JAR")
                .orElse(target.resolve("../../coordinator-server/target/coordinator.jar"));
        this.bed = new Bed(postgres, processes, directory, output, coordinatorJar.normalize());
    }

    /**
     * Runs the benchmark. Exits with 0, with 1 if a measurement failed, and with 2 if the arguments are wrong.
     *
     * @param args the arguments that README.md describes
     */
    public static void main(String[] args) throws Exception {
        // A decimal comma is not a number in SVG.
        Locale.setDefault(Locale.ROOT);
        // The JDBC driver sends the time zone at each login, and PostgreSQL rejects zones that it does not have.
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
        Options options;
        try {
            options = Options.parse(args);
        } catch (UsageException e) {
            System.err.println(e.getMessage());
            System.err.println(Options.USAGE);
            System.exit(2);
            return;
        }
        boolean well;
        try (Bench bench = new Bench(options)) {
            well = bench.run();
        }
        System.exit(well ? 0 : 1);
    }

    private static Path target() throws URISyntaxException {
        return Objects.requireNonNull(Path.of(Bench.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .getParent());
    }

    private boolean run() throws Exception {
        return switch (options.command()) {
            case COMPARE -> compare();
            case MILLION -> new Million(bed, options.million(), System.out).run();
            case SOAK -> new Soak(bed, options.soak(), System.out).run();
            case QUIET -> quiet();
            case WAITERS -> new IdleWaiters(bed, options.waiters(), System.out).run();
            case SHORT ->
                compare()
                        & new Million(bed, options.million(), System.out).run()
                        & new Soak(bed, options.soak(), System.out).run()
                        & quiet()
                        & new IdleWaiters(bed, options.waiters(), System.out).run();
        };
    }

    private boolean quiet() throws Exception {
        try (Quiet quiet = new Quiet(bed, options.handOvers(), System.out)) {
            return quiet.run();
        }
    }

    private boolean compare() throws Exception {
        for (String name : options.contenders()) {
            try {
                if (!name.equals(POLLING) || options.measures().contains("handover")) {
                    contenders.put(name, start(name));
                }
            } catch (NotInstalledException e) {
                skipped.add(name + " is skipped because it is not installed: " + e.getMessage());
            }
        }
        List<Measurement> measurements = measurements();
        Measurement.runAll(measurements, options.rounds(), options.warmUp(), options.time());
        Report report = new Report(postgres.settings(), options, measurements, skipped);
        report.print(System.out);
        report.write(output);
        return report.isWithoutErrors();
    }

    private Contender start(String name) throws Exception {
        return switch (name) {
            case Options.PREVIOUS ->
                CoordinatorContender.startPrevious(
                        bed,
                        Bed.jar("BENCH_PREVIOUS_JAR")
                                .orElseThrow(() -> new NotInstalledException("BENCH_PREVIOUS_JAR names no jar")));
            case "coordinator" -> CoordinatorContender.start(bed);
            case "jdbc" -> new JdbcContender(bed);
            case "shedlock" -> new ShedLockContender(bed);
            case "etcd" -> EtcdContender.start(bed);
            case "zookeeper" -> ZooKeeperContender.start(bed);
            case "redis" -> RedisContender.start(bed);
            default -> CoordinatorContender.startForPolling(bed);
        };
    }

    private List<Measurement> measurements() throws Exception {
        List<Measurement> all = new ArrayList<>();
        for (String measure : options.measures()) {
            switch (measure) {
                case "cycles" -> addCycles(all);
                case "processes" -> addProcesses(all);
                case "history" -> addHistory(all);
                case "batches" -> addBatches(all);
                case "heartbeats" -> addHeartbeats(all);
                case "growth" -> addGrowth(all);
                default -> addHandOvers(all);
            }
        }
        return all;
    }

    private void addCycles(List<Measurement> all) {
        contenders.forEach((name, contender) -> {
            if (name.equals(POLLING)) {
                return;
            }
            List<Integer> usual = isShort() ? SHORT_WORKERS : isCompared(name) ? WORKERS : PEER_WORKERS;
            for (int workers : options.workers().isEmpty() ? usual : options.workers()) {
                all.add(new Measurement("cycles", name, workers, () -> cycles(contender, workers, STREAMS)));
            }
        });
    }

    /** The contenders that are measured with several numbers of workers. */
    private static boolean isCompared(String contender) {
        return contender.equals("coordinator") || contender.equals("jdbc");
    }

    private boolean isShort() {
        return options.command() == Command.SHORT;
    }

    /** The load of the short form is small, because nothing may fail by overload on a slow machine. */
    private int workers(int usual) {
        return isShort() ? Math.min(usual, 8) : usual;
    }

    private static Workload cycles(Contender contender, int workers, int streams) throws Exception {
        return new Cycles(contender.open(workers), streams);
    }

    private void addProcesses(List<Measurement> all) {
        int workers = workers(PROCESSES);
        if (contenders.get("coordinator") instanceof CoordinatorContender coordinator) {
            all.add(new Measurement(
                    "a client each",
                    "coordinator",
                    workers,
                    () -> new Cycles(coordinator.openClientEach(workers), STREAMS)));
        }
        if (contenders.get("jdbc") instanceof JdbcContender jdbc) {
            all.add(new Measurement("a client each", "jdbc", workers, () -> cycles(jdbc, workers, STREAMS)));
        }
    }

    private void addHistory(List<Measurement> all) throws Exception {
        int workers = workers(GROWTH_WORKERS);
        if (contenders.get("coordinator") instanceof CoordinatorContender with) {
            CoordinatorContender without = CoordinatorContender.startWithoutHistory(bed);
            withoutHistory = Optional.of(without);
            all.add(new Measurement("history", "coordinator", workers, () -> cycles(with, workers, STREAMS)));
            all.add(new Measurement(
                    "no history",
                    "coordinator",
                    "coordinator without history",
                    workers,
                    () -> cycles(without, workers, STREAMS)));
        }
    }

    private void addBatches(List<Measurement> all) {
        int workers = workers(BATCH_WORKERS);
        String measure = "batches of " + BatchCycles.BATCH;
        if (contenders.get("coordinator") instanceof CoordinatorContender coordinator) {
            all.add(new Measurement(
                    measure, "coordinator", workers, () -> new BatchCycles(coordinator.uri(), workers, STREAMS)));
        }
        if (contenders.get("jdbc") instanceof JdbcContender jdbc) {
            all.add(new Measurement(measure, "jdbc", workers, () -> cycles(jdbc, workers, STREAMS)));
        }
    }

    private void addHeartbeats(List<Measurement> all) {
        int workers = workers(HEARTBEAT_WORKERS);
        if (contenders.get("coordinator") instanceof CoordinatorContender coordinator) {
            all.add(new Measurement(
                    "heartbeats of " + Heartbeats.BATCH,
                    "coordinator",
                    workers,
                    () -> new Heartbeats(coordinator.uri(), workers)));
        }
    }

    private void addGrowth(List<Measurement> all) {
        int workers = workers(GROWTH_WORKERS);
        // The large table comes first, so that every round of later measures finds the same small table.
        for (int rows : List.of(isShort() ? 10 * STREAMS : MANY_STREAMS, STREAMS)) {
            for (String name : List.of("coordinator", "jdbc")) {
                Contender contender = contenders.get(name);
                if (contender != null) {
                    all.add(new Measurement(String.format(Locale.ROOT, "%,d rows", rows), name, workers, () -> {
                        postgres.fill(name.equals("jdbc") ? JdbcContender.TABLE : "stream_locks", rows);
                        return cycles(contender, workers, rows);
                    }));
                }
            }
        }
    }

    private void addHandOvers(List<Measurement> all) {
        Map<String, Contender> waiting = new LinkedHashMap<>(contenders);
        waiting.keySet().retainAll(List.of("coordinator", "etcd", "zookeeper", POLLING));
        int workers = workers(WAITING_WORKERS);
        waiting.forEach((name, contender) -> all.add(new Measurement(
                "handover", name, workers, () -> new HandOvers(contender.openQueues(workers), workers))));
    }

    private void stopServers() {
        processes.close();
        if (postgres != null) {
            postgres.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // A server that is being killed may still write there. "mvn clean" deletes the rest.
        }
    }

    @Override
    public void close() {
        contenders.values().forEach(Contender::close);
        withoutHistory.ifPresent(CoordinatorContender::close);
        stopServers();
    }
}
