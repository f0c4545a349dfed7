package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.history.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The check of the history in a directory. A large history is read several times, each time for other streams, so that
 * only a part of it is in memory.
 *
 * @param figures the figures of the run
 * @param violations the promises that were broken
 * @param unfenced the writes that the resource without a fence should not have accepted
 */
public record Check(Figures figures, List<Violation> violations, List<Violation> unfenced) {

    /** The beginning of the names of the files of calls. Each worker process has one file. */
    public static final String CALLS = "calls-";

    public static final String WRITES = "resource.jsonl";
    public static final String WRITES_UNFENCED = "resource-unfenced.jsonl";
    public static final String GRANTS = "service-history.jsonl";
    public static final String FAULTS = "faults.jsonl";

    /** The size of the files for one pass. The objects take about the same space. */
    private static final long BYTES_A_PASS = 80_000_000;

    private static final String STREAM_FIELD = "\"stream\":\"";

    /**
     * Checks a directory.
     *
     * @param directory the directory with the files of a run
     * @throws IOException if a file cannot be read or is not part of a run
     */
    public static Check of(Path directory) throws IOException {
        List<Fault> faults = new ArrayList<>();
        JsonLines.read(directory.resolve(FAULTS), Fault.class, line -> true, faults::add);
        List<RunInfo> run = new ArrayList<>();
        JsonLines.read(directory.resolve(RunInfo.FILE), RunInfo.class, line -> true, run::add);
        if (run.size() != 1) {
            throw new IOException(
                    directory + " does not contain the history of a run: " + RunInfo.FILE + " is missing");
        }
        List<Path> calls;
        try (Stream<Path> files = Files.list(directory)) {
            calls = files.filter(file -> file.getFileName().toString().startsWith(CALLS))
                    .sorted()
                    .toList();
        }
        long bytes = 0;
        for (Path file : calls) {
            bytes += Files.size(file);
        }
        int passes = (int) (bytes / BYTES_A_PASS) + 1;
        Figures figures = new Figures(run.get(0), faults);
        List<Violation> violations = new ArrayList<>();
        List<Violation> unfenced = new ArrayList<>();
        for (int pass = 0; pass < passes; pass++) {
            Pass streams = new Pass(ofPass(pass, passes));
            for (Path file : calls) {
                JsonLines.read(file, Call.class, streams.wanted, call -> streams.of(call.stream())
                        .calls
                        .put(call.id(), call));
            }
            JsonLines.read(directory.resolve(WRITES), Write.class, streams.wanted, write -> streams.of(write.stream())
                    .writes
                    .add(write));
            JsonLines.read(directory.resolve(GRANTS), Grant.class, streams.wanted, grant -> streams.of(grant.stream())
                    .grants
                    .add(grant));
            JsonLines.read(
                    directory.resolve(WRITES_UNFENCED), Write.class, streams.wanted, write -> streams.of(write.stream())
                            .unfenced
                            .add(write));
            streams.all.forEach((stream, events) -> {
                StreamHistory history =
                        new StreamHistory(stream, List.copyOf(events.calls.values()), events.writes, events.grants);
                violations.addAll(Checker.check(history, faults));
                unfenced.addAll(ResourceRules.order(stream, events.unfenced));
                figures.add(history);
            });
        }
        return new Check(figures, violations, unfenced);
    }

    /** Returns the violations for which commits that the database lost cannot be the reason. */
    public List<Violation> violationsDespiteLostCommits() {
        return violations.stream()
                .filter(violation -> !LostCommits.mayExplain(violation))
                .toList();
    }

    /** Returns the number of leases that a response showed, and that the service's history does not contain. */
    public long lostGrants() {
        return violations.stream()
                .filter(violation -> violation.rule().equals(ServiceRules.HAS_ALL))
                .count();
    }

    /** Returns the number of writes with a stale token that the resource without a fence accepted. */
    public long staleWritesUnfenced() {
        return count(ResourceRules.TOKEN_FELL);
    }

    /** Returns the number of updates that were lost there, because another write of the same number replaced them. */
    public long lostUpdatesUnfenced() {
        return count(ResourceRules.WRITTEN_TWICE);
    }

    private long count(String rule) {
        return unfenced.stream()
                .filter(violation -> violation.rule().equals(rule))
                .count();
    }

    private static Predicate<String> ofPass(int pass, int passes) {
        return line -> {
            int from = line.indexOf(STREAM_FIELD) + STREAM_FIELD.length();
            int to = line.indexOf('"', from);
            // A line that is torn before its stream goes to the first pass. That pass accepts it as the last line only.
            int hash = from < STREAM_FIELD.length() || to < 0
                    ? 0
                    : line.substring(from, to).hashCode();
            return Math.floorMod(hash, passes) == pass;
        };
    }

    /** The streams of a pass. */
    private static final class Pass {
        private final Predicate<String> wanted;
        private final Map<String, Events> all = new TreeMap<>();

        Pass(Predicate<String> wanted) {
            this.wanted = wanted;
        }

        Events of(String stream) {
            return all.computeIfAbsent(stream, name -> new Events());
        }
    }

    private static final class Events {
        // The line with the response comes after the line of the request, and replaces it.
        private final Map<String, Call> calls = new HashMap<>();

        private final List<Write> writes = new ArrayList<>();
        private final List<Write> unfenced = new ArrayList<>();
        private final List<Grant> grants = new ArrayList<>();
    }
}
