package io.streamlocks.bench;

import io.streamlocks.bench.Contender.NotInstalledException;
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
import java.util.TimeZone;
import java.util.stream.Stream;

/** Measures the coordinator and other locks. README.md describes the use. */
public final class Bench implements AutoCloseable {

    private final Options options;
    private final Path output;
    private final Processes processes = new Processes();
    private final Map<String, Contender> contenders = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();
    private final Path directory;
    private final Bed bed;
    private volatile Postgres postgres;

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
            case TRAIN -> new Training(bed, cache(), options.time(), System.out).run();
            case SHORT ->
                compare()
                        & new Million(bed, options.million(), System.out).run()
                        & new Soak(bed, options.soak(), System.out).run()
                        & quiet()
                        & new IdleWaiters(bed, options.waiters(), System.out).run();
        };
    }

    /** Returns the ahead-of-time cache beside the coordinator's jar, for which it is valid. */
    private Path cache() {
        return bed.coordinatorJar().resolveSibling("coordinator.aot");
    }

    private boolean quiet() throws Exception {
        try (Quiet quiet = new Quiet(bed, options.handOvers(), System.out)) {
            return quiet.run();
        }
    }

    private boolean compare() throws Exception {
        for (String name : options.contenders()) {
            try {
                if (!name.equals(Measures.POLLING) || options.measures().contains("handover")) {
                    contenders.put(name, start(name));
                }
            } catch (NotInstalledException e) {
                skipped.add(name + " is skipped because it is not installed: " + e.getMessage());
            }
        }
        try (Measures measures = new Measures(options, bed, contenders)) {
            List<Measurement> measurements = measures.measurements();
            if (measurements.isEmpty() && !measures.hasMore()) {
                skipped.forEach(System.err::println);
                System.err.println("None of these contenders takes part in these measures");
                return false;
            }
            Measurement.runAll(measurements, options.rounds(), options.warmUp(), options.time());
            Report report = new Report(postgres.settings(), options, measurements, skipped);
            if (!measurements.isEmpty()) {
                report.print(System.out);
                report.write(output);
            }
            return report.isWithoutErrors() & measures.run(System.out);
        }
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
        stopServers();
    }
}
