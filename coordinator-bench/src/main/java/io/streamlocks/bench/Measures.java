package io.streamlocks.bench;

import io.streamlocks.bench.Options.Command;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The measures, and the contenders and the numbers of workers of each. */
final class Measures implements AutoCloseable {

    /** Takes part only in the measure of hand-overs, where it replaces the waiting acquires of the coordinator. */
    static final String POLLING = "polling";

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
    private static final int LATENCY_WORKERS = 64;
    private static final WarmUp.Size WARM_UP = new WarmUp.Size(64, 30, 90, 30);
    private static final WarmUp.Size SHORT_WARM_UP = new WarmUp.Size(8, 3, 3, 2);

    private final Options options;
    private final Bed bed;
    private final Map<String, Contender> contenders;
    private Optional<CoordinatorContender> withoutHistory = Optional.empty();

    /** @param contenders those that take part, by their names */
    Measures(Options options, Bed bed, Map<String, Contender> contenders) {
        this.options = options;
        this.bed = bed;
        this.contenders = contenders;
    }

    /** Returns the measures that are compared in rounds. */
    List<Measurement> measurements() throws Exception {
        List<Measurement> all = new ArrayList<>();
        for (String measure : options.measures()) {
            switch (measure) {
                case "cycles" -> addCycles(all);
                case "plain" -> addPlain(all);
                case "processes" -> addProcesses(all);
                case "history" -> addHistory(all);
                case "batches" -> addBatches(all);
                case "heartbeats" -> addHeartbeats(all);
                case "growth" -> addGrowth(all);
                case "handover" -> addHandOvers(all);
                default -> {
                    // These are not compared in rounds: see run().
                }
            }
        }
        return all;
    }

    /** Returns whether there are measures that are not compared in rounds. */
    boolean hasMore() {
        return measuresLatency() || measuresWarmUp();
    }

    private boolean measuresLatency() {
        return options.measures().contains("latency") && !plain().isEmpty();
    }

    private boolean measuresWarmUp() {
        return options.measures().contains("warm") && contenders.containsKey("coordinator");
    }

    /** Runs the measures that are not compared in rounds. Returns whether nothing failed. */
    boolean run(PrintStream out) throws Exception {
        boolean well = true;
        if (measuresLatency()) {
            Duration warmUp = isShort() ? options.warmUp() : options.warmUp().multipliedBy(10);
            well = new Latency(bed, options, workers(LATENCY_WORKERS), warmUp, out).run(plain());
        }
        if (measuresWarmUp()) {
            well &= new WarmUp(bed, isShort() ? SHORT_WARM_UP : WARM_UP, options.rounds(), out).run();
        }
        return well;
    }

    /** Returns the contenders that make calls for one worker at a time. */
    private Map<String, Latency.Opener> plain() {
        Map<String, Latency.Opener> plain = new LinkedHashMap<>();
        coordinators().forEach((name, coordinator) -> plain.put(name, coordinator::openPlain));
        if (contenders.get("jdbc") instanceof JdbcContender jdbc) {
            plain.put("jdbc", jdbc::open);
        }
        return plain;
    }

    /** Returns the coordinators whose callers do not poll: this one, and one of another version. */
    private Map<String, CoordinatorContender> coordinators() {
        Map<String, CoordinatorContender> coordinators = new LinkedHashMap<>();
        contenders.forEach((name, contender) -> {
            if (contender instanceof CoordinatorContender coordinator && !name.equals(POLLING)) {
                coordinators.put(name, coordinator);
            }
        });
        return coordinators;
    }

    private void addPlain(List<Measurement> all) {
        List<Integer> usual = isShort() ? SHORT_WORKERS : WORKERS;
        plain().forEach((name, opener) -> {
            for (int workers : workers(usual)) {
                all.add(new Measurement("plain calls", name, workers, () -> new Cycles(opener.open(workers), STREAMS)));
            }
        });
    }

    private void addCycles(List<Measurement> all) {
        contenders.forEach((name, contender) -> {
            if (name.equals(POLLING)) {
                return;
            }
            List<Integer> usual = isShort() ? SHORT_WORKERS : isCompared(name) ? WORKERS : PEER_WORKERS;
            for (int workers : workers(usual)) {
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

    private List<Integer> workers(List<Integer> usual) {
        return options.workers().isEmpty() ? usual : options.workers();
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
        coordinators()
                .forEach((name, coordinator) -> all.add(new Measurement(
                        "a client each",
                        name,
                        workers,
                        () -> new Cycles(coordinator.openClientEach(workers), STREAMS))));
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
        coordinators()
                .forEach((name, coordinator) -> all.add(new Measurement(
                        measure, name, workers, () -> new BatchCycles(coordinator.uri(), workers, STREAMS))));
        if (contenders.get("jdbc") instanceof JdbcContender jdbc) {
            all.add(new Measurement(measure, "jdbc", workers, () -> cycles(jdbc, workers, STREAMS)));
        }
    }

    private void addHeartbeats(List<Measurement> all) {
        int workers = workers(HEARTBEAT_WORKERS);
        coordinators()
                .forEach((name, coordinator) -> all.add(new Measurement(
                        "heartbeats of " + Heartbeats.BATCH,
                        name,
                        workers,
                        () -> new Heartbeats(coordinator.uri(), workers))));
    }

    private void addGrowth(List<Measurement> all) {
        int workers = workers(GROWTH_WORKERS);
        // The large table comes first, so that every round of later measures finds the same small table.
        for (int rows : List.of(isShort() ? 10 * STREAMS : MANY_STREAMS, STREAMS)) {
            for (String name : List.of("coordinator", "jdbc")) {
                Contender contender = contenders.get(name);
                if (contender != null) {
                    all.add(new Measurement(String.format(Locale.ROOT, "%,d rows", rows), name, workers, () -> {
                        bed.postgres().fill(name.equals("jdbc") ? JdbcContender.TABLE : "stream_locks", rows);
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

    @Override
    public void close() {
        withoutHistory.ifPresent(CoordinatorContender::close);
    }
}
