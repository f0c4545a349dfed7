package io.streamlocks.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How soon a new server is fast: its cycles per second in each of the first seconds, compared with its own rate later.
 * The load consists of plain calls.
 */
final class WarmUp {

    private static final int STREAMS = 10_000;

    /** How much of the steady rate counts as fast. */
    private static final double FAST = 0.8;

    private final Bed bed;
    private final Size size;
    private final int rounds;
    private final PrintStream out;
    private final List<String> errors = new ArrayList<>();

    /**
     * The size of a run.
     *
     * @param workers the number of workers
     * @param shown the number of the first seconds that are reported
     * @param steadyAfter the second in which the steady rate begins
     * @param steady the number of seconds over which it is the mean
     */
    record Size(int workers, int shown, int steadyAfter, int steady) {}

    /** A server from its start. */
    private record Run(double readySeconds, int[] perSecond, double steady) {}

    /** @param rounds the number of servers that are started one after the other */
    WarmUp(Bed bed, Size size, int rounds, PrintStream out) {
        this.bed = bed;
        this.size = size;
        this.rounds = rounds;
        this.out = out;
    }

    /** Measures, prints the medians of the rounds, and writes warm.json. Returns whether nothing failed. */
    boolean run() throws Exception {
        warmThisProcess();
        List<Run> runs = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            Run run = measure();
            runs.add(run);
            System.err.printf(
                    Locale.ROOT,
                    "warm, round %d of %d: ready after %.2f s, steady %.0f/s, first seconds %s%n",
                    round,
                    rounds,
                    run.readySeconds(),
                    run.steady(),
                    Arrays.toString(Arrays.copyOf(run.perSecond(), Math.min(10, size.shown()))));
        }
        double steady = Figures.median(runs.stream().mapToDouble(Run::steady));
        List<Double> perSecond = new ArrayList<>();
        for (int i = 0; i < size.shown(); i++) {
            int second = i;
            perSecond.add(Figures.median(runs.stream().mapToDouble(run -> run.perSecond()[second])));
        }
        Figures figures = new Figures();
        figures.put("workers", size.workers());
        figures.put("readySeconds", Figures.median(runs.stream().mapToDouble(Run::readySeconds)));
        figures.put("steadyPerSecond", steady);
        figures.put("perSecond", perSecond);
        figures.put(
                "partOfSteady",
                perSecond.stream()
                        .map(value -> Math.round(100 * value / steady) / 100.0)
                        .toList());
        figures.put("secondWith80Percent", firstFast(perSecond, steady));
        figures.put("errors", errors);
        figures.report(bed.postgres(), out, bed.output().resolve("warm.json"));
        return errors.isEmpty() && steady > 0;
    }

    /** Returns the first second from 1 from which on the server is fast; 0 if there is none. */
    private static int firstFast(List<Double> perSecond, double steady) {
        int first = 0;
        for (int i = perSecond.size(); i > 0 && perSecond.get(i - 1) >= FAST * steady; i--) {
            first = i;
        }
        return first;
    }

    /** The code of the load must be compiled before, or the first server would seem to be slower than the others. */
    private void warmThisProcess() throws IOException, InterruptedException {
        try (CoordinatorContender other = CoordinatorContender.start(bed, "coordinator-before-warm", Map.of())) {
            load(other, size.steady());
        }
    }

    private Run measure() throws IOException, InterruptedException {
        long began = System.nanoTime();
        try (CoordinatorContender server = CoordinatorContender.start(bed, "coordinator-warm", Map.of())) {
            double ready = (System.nanoTime() - began) / 1e9;
            AtomicIntegerArray cycles = load(server, size.steadyAfter() + size.steady());
            int[] perSecond = new int[size.shown()];
            Arrays.setAll(perSecond, cycles::get);
            double steady = 0;
            for (int i = 0; i < size.steady(); i++) {
                steady += cycles.get(size.steadyAfter() + i);
            }
            return new Run(ready, perSecond, steady / size.steady());
        }
    }

    /** Returns the number of cycles that ended in each second. */
    private AtomicIntegerArray load(CoordinatorContender server, int seconds) throws IOException, InterruptedException {
        AtomicIntegerArray perSecond = new AtomicIntegerArray(seconds);
        try (Cycles cycles = new Cycles(server.openPlain(size.workers()), STREAMS)) {
            Sample sample = Load.run(
                    new Counted(cycles, perSecond, System.nanoTime()),
                    size.workers(),
                    Duration.ZERO,
                    Duration.ofSeconds(seconds));
            errors.addAll(sample.messages());
        }
        return perSecond;
    }

    /** Counts cycles by the second in which they end. */
    private record Counted(Cycles cycles, AtomicIntegerArray perSecond, long beganNanos) implements Workload {

        @Override
        public int once(int worker, Lap lap) throws Exception {
            int done = cycles.once(worker, lap);
            long second = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNanos);
            if (second < perSecond.length()) {
                perSecond.addAndGet((int) second, done);
            }
            return done;
        }

        @Override
        public void close() {
            cycles.close();
        }
    }
}
