package io.streamlocks.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.streamlocks.bench.Options.SoakOptions;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Cycles at a steady pace for a long time. They show whether memory, threads, connections and tables of the server stay
 * the same. The last third of the time is compared with the second third. In the first third the JVM compiles, and
 * pools and tables reach their size.
 */
final class Soak {

    private static final int STREAMS = 10_000;
    private static final int WORKERS = 64;

    /** The allowed growth. A relevant leak causes more within an hour. */
    private static final double MAX_GROWTH = 1.1;

    /** The required part of the requested pace. Cycles on a stream that another worker holds do not count. */
    private static final double LEAST_PACE = 0.95;

    private static final Map<String, String> COUNTS = Map.of(
            "connections",
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'stream-lock-coordinator%'",
            "locksTableBytes",
            "SELECT pg_total_relation_size('stream_locks')",
            "historyTableBytes",
            "SELECT pg_total_relation_size('stream_lock_history')");

    private final Bed bed;
    private final SoakOptions options;
    private final PrintStream out;
    private final Map<String, List<Double>> looks = new LinkedHashMap<>();

    Soak(Bed bed, SoakOptions options, PrintStream out) {
        this.bed = bed;
        this.options = options;
        this.out = out;
    }

    /** Runs. Returns whether nothing failed and nothing grew. */
    boolean run() throws Exception {
        Sample cycles;
        try (CoordinatorContender coordinator = CoordinatorContender.startForgetful(bed);
                PacedCycles load =
                        new PacedCycles(coordinator.open(WORKERS), WORKERS, options.cyclesPerSecond(), STREAMS)) {
            watch(coordinator.process().pid());
            cycles = load.sample();
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("seconds", options.time().toSeconds());
        figures.put("cyclesAskedPerSecond", options.cyclesPerSecond());
        figures.put("cyclesPerSecond", cycles.perSecond());
        figures.put("cycleP50Ms", cycles.p50Ms());
        figures.put("cycleP99Ms", cycles.p99Ms());
        figures.put("cyclesHeld", cycles.held());
        figures.put("cycleErrors", cycles.errors());
        figures.put("messages", cycles.messages());
        boolean grew = false;
        for (Map.Entry<String, List<Double>> look : looks.entrySet()) {
            List<Double> values = look.getValue();
            int third = values.size() / 3;
            double before = mean(values.subList(third, 2 * third));
            double after = mean(values.subList(2 * third, values.size()));
            figures.put(look.getKey(), String.format(Locale.ROOT, "%,.0f, then %,.0f", before, after));
            // A small count may differ by one.
            grew |= after > before * MAX_GROWTH + 1;
        }
        out.println(Report.machine());
        figures.forEach((name, value) -> out.printf(
                Locale.ROOT,
                "%-22s %s%n",
                name,
                value instanceof Double number ? String.format(Locale.ROOT, "%,.2f", number) : value));
        figures.put("looks", looks);
        figures.put("machine", Report.machine());
        new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValue(bed.output().resolve("soak.json").toFile(), figures);
        out.println("Wrote " + bed.output().resolve("soak.json"));
        // Everything still grows in the first seconds, so a short run is not judged.
        boolean judged = options.time().compareTo(Duration.ofMinutes(5)) >= 0;
        boolean kept = !judged || cycles.perSecond() > LEAST_PACE * options.cyclesPerSecond();
        return kept && cycles.perSecond() > 0 && cycles.errors() == 0 && !(judged && grew);
    }

    private void watch(long pid) throws Exception {
        long began = System.nanoTime();
        Duration every = Duration.ofMillis(Math.min(30_000, options.time().toMillis() / 6));
        for (int look = 1; look <= options.time().dividedBy(every); look++) {
            long due = began + look * every.toNanos();
            Thread.sleep(Math.max(0, (due - System.nanoTime()) / 1_000_000));
            noteSeen("liveHeapBytes", ProcessFigures.liveHeapBytes(pid).orElse(0));
            noteSeen("residentBytes", ProcessFigures.residentBytes(pid).orElse(0));
            noteSeen("threads", ProcessFigures.threads(pid));
            noteSeen("descriptors", ProcessFigures.descriptors(pid));
            for (Map.Entry<String, String> count : COUNTS.entrySet()) {
                note(count.getKey(), Long.parseLong(bed.postgres().query(count.getValue())));
            }
            if (look % 10 == 0) {
                int last = look - 1;
                StringBuilder line = new StringBuilder();
                looks.forEach((name, values) -> line.append(
                        String.format(Locale.ROOT, ", %s %,.0f", name, values.get(Math.min(last, values.size() - 1)))));
                System.err.printf(Locale.ROOT, "%d s%s%n", look * every.toSeconds(), line);
            }
        }
    }

    /** Fails at the start if a figure cannot be read. A missing figure would look as if it had not grown. */
    private void noteSeen(String name, long value) {
        if (value == 0) {
            throw new IllegalStateException(
                    "Cannot read " + name + " of the server. This needs /proc, and jcmd for the heap");
        }
        note(name, value);
    }

    private void note(String name, long value) {
        looks.computeIfAbsent(name, any -> new ArrayList<>()).add((double) value);
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }
}
