package io.streamlocks.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A measurement in several rounds.
 *
 * @param measure the name; measurements with the same name are compared
 * @param contender the contender
 * @param server the server, which is warmed up once; it is the contender, unless that has several servers
 * @param workers the number of workers
 * @param opener makes a new workload for each round
 * @param samples the results, one for each round
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
     * Measures all, one after another, round after round. Each round begins with another measurement, so that no
     * contender always has the caches and the checkpoint of the same predecessor. The first round begins with the most
     * workers of the first measure of each server, after ten times the warm-up. Some servers are new JVMs, and a few
     * workers would not warm them up for many.
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

    /** Warms up with the first measure only, because later ones may leave another table. */
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

    /** Returns the medians over all rounds, and the sums of counts. */
    Sample median() {
        return new Sample(
                Figures.median(samples.stream().mapToDouble(Sample::perSecond)),
                Figures.median(samples.stream().mapToDouble(Sample::p50Ms)),
                Figures.median(samples.stream().mapToDouble(Sample::p99Ms)),
                Figures.median(samples.stream().mapToDouble(Sample::acquireP50Ms)),
                Figures.median(samples.stream().mapToDouble(Sample::acquireP99Ms)),
                samples.stream().mapToLong(Sample::held).sum(),
                samples.stream().mapToLong(Sample::errors).sum(),
                samples.stream()
                        .flatMap(sample -> sample.messages().stream())
                        .distinct()
                        .limit(3)
                        .toList());
    }
}
