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
 * Checks the history in a directory. It is read as often as it is large, each time for other streams, so that memory is
 * needed for a part of it only.
 *
 * @param figures what there was
 * @param violations what was broken
 * @param unfenced what the resource without a fence took that it should not have
 */
public record Check(Figures figures, List<Violation> violations, List<Violation> unfenced) {

    /** The names of the files in a directory; each worker process has one of calls. */
    public static final String CALLS = "calls-";

    public static final String WRITES = "resource.jsonl";
    public static final String WRITES_UNFENCED = "resource-unfenced.jsonl";
    public static final String GRANTS = "service-history.jsonl";
    public static final String FAULTS = "faults.jsonl";

    /** Of files for one pass. As objects this is about as much. */
    private static final long BYTES_A_PASS = 80_000_000;

    private static final String STREAM_FIELD = "\"stream\":\"";

    /**
     * Checks a directory.
     *
     * @param directory what the processes of a run wrote
     * @throws IOException if a file cannot be read or is none of a run
     */
    public static Check of(Path directory) throws IOException {
        List<Fault> faults = new ArrayList<>();
        JsonLines.read(directory.resolve(FAULTS), Fault.class, line -> true, faults::add);
        List<RunInfo> run = new ArrayList<>();
        JsonLines.read(directory.resolve(RunInfo.FILE), RunInfo.class, line -> true, run::add);
        if (run.size() != 1) {
            throw new IOException("No history of a run is in " + directory + ": there is no " + RunInfo.FILE);
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
                violations.addAll(Checker.check(history));
                unfenced.addAll(ResourceRules.order(stream, events.unfenced));
                figures.add(history);
            });
        }
        return new Check(figures, violations, unfenced);
    }

    /** How many writes of holders that were outdone the resource without a fence took. */
    public long staleWritesUnfenced() {
        return count(ResourceRules.TOKEN_FELL);
    }

    /** How many updates were lost there: each was overwritten by another of its number. */
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
            // A line that is torn before its stream goes to the first pass, which tells whether it is the last one.
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
        /** The answer of a call comes after the line that it is sent, and replaces it. */
        private final Map<String, Call> calls = new HashMap<>();

        private final List<Write> writes = new ArrayList<>();
        private final List<Write> unfenced = new ArrayList<>();
        private final List<Grant> grants = new ArrayList<>();
    }
}
