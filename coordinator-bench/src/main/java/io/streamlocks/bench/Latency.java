package io.streamlocks.bench;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The times of cycles at a steady load, which is half of what the contender can do. A cycle begins when it is due, so
 * the time for which it waits behind a slow one counts (coordinated omission). The load consists of plain calls.
 */
final class Latency {

    private static final int STREAMS = 10_000;
    private static final Duration CONNECTED_WITHIN = Duration.ofSeconds(1);

    /** Connects to a contender. */
    interface Opener {
        Locks open(int workers) throws Exception;
    }

    private record Round(Sample sample, double p999Ms, double maxMs) {}

    private final Bed bed;
    private final Options options;
    private final int workers;
    private final Duration warmUp;
    private final PrintStream out;
    private final Figures figures = new Figures();
    private final List<String> messages = new ArrayList<>();

    /** @param warmUp the warm-up of each contender; half of what a cold server can do is little */
    Latency(Bed bed, Options options, int workers, Duration warmUp, PrintStream out) {
        this.bed = bed;
        this.options = options;
        this.workers = workers;
        this.warmUp = warmUp;
        this.out = out;
    }

    /** Measures the contenders, prints medians of the rounds, and writes latency.json. Returns whether nothing failed. */
    boolean run(Map<String, Opener> contenders) throws Exception {
        figures.put("workers", workers);
        for (Map.Entry<String, Opener> contender : contenders.entrySet()) {
            measure(contender.getKey(), contender.getValue());
        }
        figures.put("messages", messages);
        figures.report(bed.postgres(), out, bed.output().resolve("latency.json"));
        return messages.isEmpty();
    }

    private void measure(String name, Opener opener) throws Exception {
        double most = most(opener);
        List<Round> rounds = new ArrayList<>();
        for (int i = 0; i < options.rounds(); i++) {
            rounds.add(round(opener, (int) Math.max(1, most / 2)));
        }
        figures.put(name + " most per s", most);
        figures.put(name + " per s", Figures.median(rounds.stream().mapToDouble(round -> round.sample()
                .perSecond())));
        figures.put(name + " p50 ms", Figures.median(rounds.stream().mapToDouble(round -> round.sample()
                .p50Ms())));
        figures.put(name + " p99 ms", Figures.median(rounds.stream().mapToDouble(round -> round.sample()
                .p99Ms())));
        figures.put(name + " p99.9 ms", Figures.median(rounds.stream().mapToDouble(Round::p999Ms)));
        figures.put(
                name + " max ms",
                rounds.stream().mapToDouble(Round::maxMs).max().orElse(0));
    }

    /** Returns what the contender can do. It is warm after that. */
    private double most(Opener opener) throws Exception {
        try (Workload cycles = new Cycles(opener.open(workers), STREAMS)) {
            Sample most = Load.run(cycles, workers, warmUp, options.time());
            messages.addAll(most.messages());
            return most.perSecond();
        }
    }

    private Round round(Opener opener, int perSecond) throws Exception {
        Locks locks = opener.open(workers);
        // A pool of connections opens them when they are needed, which is not a delay of a cycle.
        Load.run(new Cycles(locks, STREAMS), workers, Duration.ZERO, CONNECTED_WITHIN);
        try (PacedCycles paced = new PacedCycles(locks, workers, perSecond, STREAMS)) {
            Thread.sleep(options.time().toMillis());
            Sample sample = paced.sample();
            messages.addAll(sample.messages());
            return new Round(sample, paced.ms(99.9), paced.ms(100));
        }
    }
}
