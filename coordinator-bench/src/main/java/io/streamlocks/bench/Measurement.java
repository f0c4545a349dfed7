package io.streamlocks.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Something that is measured, in several rounds.
 *
 * @param measure what is measured; those of one measure are compared
 * @param contender of what
 * @param server what serves it and is warmed up once; the contender, unless that has several
 * @param workers with how many
 * @param opener makes the workload anew for each round
 * @param samples what came of it, one each round
 */
record Measurement(String measure, String contender, String server, int workers, Opener opener, List<Sample> samples) {

    /** Makes a workload. */
    interface Opener {
        Workload open() throws Exception;
    }

    Measurement(String measure, String contender, int workers, Opener opener) {
        this(measure, contender, contender, workers, opener);
    }

    Measurement(String measure, String contender, String server, int workers, Opener opener) {
        this(measure, contender, server, workers, opener, new ArrayList<>());
    }

    /**
     * Measures all, one after another, round after round. The rounds begin at different ones, so that no contender always
     * has the caches and the checkpoint of the same predecessor. The first begins with the most workers of the first
     * measure of each server, after ten times the warm-up: some servers are JVMs that have just started, and a few workers
     * would leave them slow for many.
     */
    static void runAll(List<Measurement> all, int rounds, Duration warmUp, Duration time) throws InterruptedException {
        List<Measurement> coldest = busiestOfEachServer(all);
        for (int round = 0; round < rounds; round++) {
            List<Measurement> order = new ArrayList<>(all);
            if (round == 0) {
                order.removeAll(coldest);
                order.addAll(0, coldest);
            } else {
                Collections.rotate(order, -round * all.size() / rounds);
            }
            for (int i = 0; i < order.size(); i++) {
                Measurement measurement = order.get(i);
                boolean isCold = round == 0 && i < coldest.size();
                measurement.run(isCold ? warmUp.multipliedBy(10) : warmUp, time);
                System.err.printf(
                        Locale.ROOT,
                        "round %d of %d, %d of %d: %s%n",
                        round + 1,
                        rounds,
                        i + 1,
                        all.size(),
                        measurement.lastLine());
            }
        }
    }

    /** Of the first measure alone: later ones may leave another table than the others are to find. */
    private static List<Measurement> busiestOfEachServer(List<Measurement> all) {
        Map<String, Measurement> busiest = new LinkedHashMap<>();
        all.forEach(one -> busiest.merge(
                one.server(),
                one,
                (most, other) ->
                        other.measure().equals(most.measure()) && other.workers() > most.workers() ? other : most));
        return List.copyOf(busiest.values());
    }

    private void run(Duration warmUp, Duration time) throws InterruptedException {
        try (Workload workload = opener.open()) {
            samples.add(Load.run(workload, workers, warmUp, time));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            samples.add(Sample.failed(e));
        }
    }

    private String lastLine() {
        Sample last = samples.get(samples.size() - 1);
        String line =
                String.format(Locale.ROOT, "%s, %s, %d workers: %.0f/s", measure, contender, workers, last.perSecond());
        return last.errors() == 0 ? line : line + ", " + last.errors() + " ERRORS " + last.messages();
    }

    /** The medians over all rounds; of what is counted, the sums. */
    Sample median() {
        return new Sample(
                median(samples.stream().mapToDouble(Sample::perSecond).toArray()),
                median(samples.stream().mapToDouble(Sample::p50Ms).toArray()),
                median(samples.stream().mapToDouble(Sample::p99Ms).toArray()),
                median(samples.stream().mapToDouble(Sample::acquireP50Ms).toArray()),
                median(samples.stream().mapToDouble(Sample::acquireP99Ms).toArray()),
                samples.stream().mapToLong(Sample::held).sum(),
                samples.stream().mapToLong(Sample::errors).sum(),
                samples.stream()
                        .flatMap(sample -> sample.messages().stream())
                        .distinct()
                        .limit(3)
                        .toList());
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
