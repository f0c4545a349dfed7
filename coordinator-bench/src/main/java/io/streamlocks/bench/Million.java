package io.streamlocks.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.streamlocks.bench.Options.MillionOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Many workers that renew a thousand leases each, and cycles on other streams at the same time. */
final class Million {

    private static final int FILLERS = 4;
    private static final int CYCLE_STREAMS = 10_000;
    private static final int CYCLE_WORKERS = 64;
    private static final String SIZE = "SELECT pg_total_relation_size('stream_locks')";
    private static final String UPDATES = """
            SELECT n_tup_hot_upd || ' ' || n_tup_upd FROM pg_stat_user_tables WHERE relname = 'stream_locks'""";

    private final Bed bed;
    private final MillionOptions options;
    private final PrintStream out;
    private final List<Long> resident = new ArrayList<>();
    private final List<Long> heap = new ArrayList<>();
    private final Map<String, Object> figures = new LinkedHashMap<>();

    Million(Bed bed, MillionOptions options, PrintStream out) {
        this.bed = bed;
        this.options = options;
        this.out = out;
    }

    /** Runs. Returns whether no lease was lost and nothing failed. */
    boolean run() throws Exception {
        try (CoordinatorContender coordinator = CoordinatorContender.start(bed, "-Xmx768m");
                BeatingWorkers workers = new BeatingWorkers(coordinator.uri())) {
            return run(coordinator, workers);
        }
    }

    private boolean run(CoordinatorContender coordinator, BeatingWorkers workers) throws Exception {
        Postgres postgres = bed.postgres();
        long serverPid = coordinator.process().pid();
        long began = System.nanoTime();
        fill(workers);
        double fillSeconds = (System.nanoTime() - began) / 1e9;
        out.printf(Locale.ROOT, "%,d leases acquired in %.1f s, beating%n", leases(), fillSeconds);

        long sizeBefore = Long.parseLong(postgres.query(SIZE));
        long[] updatesBefore = updates(postgres);
        double[] cpuBefore = cpu(serverPid, postgres.pid());
        workers.measure();
        Sample cycles;
        try (PacedCycles beside = new PacedCycles(
                coordinator.open(CYCLE_WORKERS), CYCLE_WORKERS, options.cyclesPerSecond(), CYCLE_STREAMS)) {
            watch(serverPid, workers);
            cycles = beside.sample();
        }
        double[] cpuAfter = cpu(serverPid, postgres.pid());
        BeatingWorkers.Beats beats = workers.beats();
        long[] updatesAfter = updates(postgres);
        long sizeAfter = Long.parseLong(postgres.query(SIZE));

        figures.put("workers", options.workers());
        figures.put("leases", leases());
        figures.put("seconds", options.time().toSeconds());
        figures.put("fillSeconds", fillSeconds);
        figures.put("beats", beats.answered());
        figures.put("beatsFailed", beats.failed());
        figures.put("beatsFailedInFill", beats.failedBefore());
        figures.put("renewalsPerSecond", beats.renewedPerSecond());
        figures.put("leasesLost", beats.lost());
        figures.put("itemsRefusedByStatus", beats.refused());
        figures.put("beatP50Ms", beats.p50Ms());
        figures.put("beatP99Ms", beats.p99Ms());
        figures.put("beatMaxMs", beats.maxMs());
        figures.put("beatLateMaxMs", beats.lateMaxMs());
        figures.put("cyclesAskedPerSecond", options.cyclesPerSecond());
        figures.put("cyclesPerSecond", cycles.perSecond());
        figures.put("cycleP50Ms", cycles.p50Ms());
        figures.put("cycleP99Ms", cycles.p99Ms());
        figures.put("cyclesHeld", cycles.held());
        figures.put("cycleErrors", cycles.errors());
        figures.put("tableBytesBefore", sizeBefore);
        figures.put("tableBytesAfter", sizeAfter);
        figures.put("tableGrowth", (double) sizeAfter / sizeBefore);
        figures.put("hotUpdates", (double) (updatesAfter[0] - updatesBefore[0]) / (updatesAfter[1] - updatesBefore[1]));
        figures.put("serverRssMb", spread(resident));
        figures.put("serverHeapUsedMb", spread(heap));
        figures.put("cpuSecondsServer", cpuAfter[0] - cpuBefore[0]);
        figures.put("cpuSecondsPostgres", cpuAfter[1] - cpuBefore[1]);
        figures.put("cpuSecondsLoad", cpuAfter[2] - cpuBefore[2]);
        List<String> messages = new ArrayList<>(beats.messages());
        messages.addAll(cycles.messages());
        figures.put("messages", messages);
        report(postgres);
        boolean cyclesRan = options.cyclesPerSecond() == 0 || cycles.perSecond() > 0;
        return beats.answered() > 0
                && beats.failed() == 0
                && beats.refused().isEmpty()
                && cyclesRan
                && cycles.errors() == 0;
    }

    private int leases() {
        return options.workers() * Heartbeats.BATCH;
    }

    private void fill(BeatingWorkers workers) throws Exception {
        ExecutorService fillers = Executors.newFixedThreadPool(FILLERS);
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> filling = new ArrayList<>();
        for (int i = 0; i < FILLERS; i++) {
            filling.add(fillers.submit(() -> {
                for (int worker = next.getAndIncrement(); worker < options.workers(); worker = next.getAndIncrement()) {
                    workers.add(worker, options.workers());
                }
                return null;
            }));
        }
        fillers.shutdown();
        try {
            for (Future<?> filler : filling) {
                filler.get();
            }
        } finally {
            fillers.shutdownNow();
        }
    }

    /** Waits for the end, and samples the server from time to time. */
    private void watch(long serverPid, BeatingWorkers workers) throws InterruptedException, IOException {
        long began = System.nanoTime();
        Duration every =
                Duration.ofSeconds(Math.min(10, Math.max(1, options.time().toSeconds() / 3)));
        long looks = options.time().dividedBy(every);
        for (long look = 1; look <= looks; look++) {
            long due = began + look * every.toNanos();
            Thread.sleep(Math.max(0, (due - System.nanoTime()) / 1_000_000));
            ProcessFigures.residentBytes(serverPid).ifPresent(resident::add);
            ProcessFigures.heapBytes(serverPid).ifPresent(heap::add);
            if (look % 6 == 0) {
                System.err.printf(Locale.ROOT, "%d s: %s%n", look * every.toSeconds(), workers.beats());
            }
        }
        Thread.sleep(Math.max(0, options.time().toMillis() - (System.nanoTime() - began) / 1_000_000));
    }

    private static double[] cpu(long server, long postgres) {
        return new double[] {
            ProcessFigures.cpuSeconds(server),
            ProcessFigures.cpuSecondsWithChildren(postgres),
            ProcessFigures.cpuSeconds(ProcessHandle.current().pid())
        };
    }

    private static long[] updates(Postgres postgres) throws Exception {
        // PostgreSQL backends report their counts once per second at most.
        Thread.sleep(1500);
        return Stream.of(postgres.query(UPDATES).split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    /** Returns minimum, median and maximum in megabytes. */
    private static Map<String, Long> spread(List<Long> bytes) {
        if (bytes.isEmpty()) {
            return Map.of();
        }
        List<Long> sorted =
                bytes.stream().sorted().map(value -> value / 1_000_000).toList();
        Map<String, Long> spread = new LinkedHashMap<>();
        spread.put("min", sorted.get(0));
        spread.put("median", sorted.get(sorted.size() / 2));
        spread.put("max", sorted.get(sorted.size() - 1));
        return spread;
    }

    private void report(Postgres postgres) throws IOException {
        out.println(Report.machine());
        out.println("PostgreSQL: " + postgres.settings());
        figures.forEach((name, value) -> out.printf(
                Locale.ROOT,
                "%-22s %s%n",
                name,
                value instanceof Double number ? String.format(Locale.ROOT, "%,.2f", number) : value));
        Map<String, Object> json = new LinkedHashMap<>(figures);
        json.put("machine", Report.machine());
        json.put("postgres", postgres.settings());
        new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValue(bed.output().resolve("million.json").toFile(), json);
        out.println("Wrote " + bed.output().resolve("million.json"));
    }
}
