package io.streamlocks.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Something that is measured, in several rounds.
 *
 * @param measure what is measured; those of one measure are compared
 * @param contender of what
 * @param workers with how many
 * @param opener makes the workload anew for each round
 * @param samples what came of it, one each round
 */
record Measurement(String measure, String contender, int workers, Opener opener, List<Sample> samples) {

    /** Makes a workload. */
    interface Opener {
        Workload open() throws Exception;
    }

    Measurement(String measure, String contender, int workers, Opener opener) {
        this(measure, contender, workers, opener, new ArrayList<>());
    }

    /**
     * Measures all, one after another, round after round. Each round begins with another one, so that no contender
     * always has the caches and the checkpoint of the same predecessor. A contender's very first run is warmed up ten
     * times as long, for the sake of those whose server is a JVM that has just started.
     */
    static void runAll(List<Measurement> all, int rounds, Duration warmUp, Duration time) throws InterruptedException {
        Set<String> warm = new HashSet<>();
        for (int round = 0; round < rounds; round++) {
            int first = round * all.size() / rounds;
            for (int i = 0; i < all.size(); i++) {
                Measurement measurement = all.get((first + i) % all.size());
                measurement.run(warm.add(measurement.contender()) ? warmUp.multipliedBy(10) : warmUp, time);
                System.err.printf(
                        "round %d of %d, %d of %d: %s%n", round + 1, rounds, i + 1, all.size(), measurement.lastLine());
            }
        }
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
        String line = "%s, %s, %d workers: %.0f/s".formatted(measure, contender, workers, last.perSecond());
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
