package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The outcomes of one operation, each with the counters that it increments. A counter is incremented once per batch and
 * not once per request, because an increment is an atomic operation on memory that all threads share. This class is
 * thread-safe after all outcomes were added.
 */
final class Tallies {

    private final List<Tally> all = new ArrayList<>();

    /** Adds an outcome that increments these counters. */
    Tally of(Counter... counters) {
        Tally tally = new Tally(all.size(), List.of(counters));
        all.add(tally);
        return tally;
    }

    /** Counts the outcomes of a batch. */
    <O> void count(List<O> outcomes, Function<O, Tally> tallyOf) {
        int[] counts = new int[all.size()];
        for (O outcome : outcomes) {
            counts[tallyOf.apply(outcome).index()]++;
        }
        for (Tally tally : all) {
            int count = counts[tally.index()];
            if (count > 0) {
                tally.counters().forEach(counter -> counter.increment(count));
            }
        }
    }

    /**
     * One outcome.
     *
     * @param index its index among the outcomes of its operation
     * @param counters what it increments
     */
    record Tally(int index, List<Counter> counters) {}
}
