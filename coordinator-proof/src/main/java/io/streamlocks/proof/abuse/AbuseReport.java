package io.streamlocks.proof.abuse;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results of all attacks. */
final class AbuseReport {

    private static final String HEAD = """
            | combination | attack | renewals | leases lost | p99 ms | worst ms | failed probes | log kB/min \
            | acquires failed | verdict | responses to the abuser |
            |---|---|---|---|---|---|---|---|---|---|---|
            """;

    private final AbuseSettings settings;
    private final List<AbuseResult> results = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    AbuseReport(AbuseSettings settings) {
        this.settings = settings;
    }

    /** Adds a note about something that is left out. */
    void note(String note) {
        notes.add(note);
        System.out.println(note);
    }

    /** Adds a result and writes the report, because a later attack may never end. */
    void add(AbuseResult result) throws IOException {
        results.add(result);
        Files.writeString(settings.output().resolve("abuse.md"), markdown());
        System.out.print(row(result));
        result.violations().forEach(violation -> System.out.println("  VIOLATION: " + violation));
    }

    /** Returns whether there was no violation. */
    boolean isWell() {
        return results.stream().allMatch(result -> result.violations().isEmpty());
    }

    String markdown() {
        StringBuilder text = new StringBuilder("# Abuse\n\n");
        text.append("Each attack took ").append(settings.seconds().toSeconds()).append(" s.\n");
        notes.forEach(note -> text.append(note).append('\n'));
        text.append('\n').append(HEAD);
        results.forEach(result -> text.append(row(result)));
        results.stream().filter(result -> !result.violations().isEmpty()).forEach(result -> {
            text.append("\n")
                    .append(result.combination())
                    .append(", ")
                    .append(result.attack())
                    .append(":\n\n");
            result.violations()
                    .forEach(violation -> text.append("- ").append(violation).append('\n'));
        });
        return text.append(isWell() ? "\nAll checks hold.\n" : "\nFAILED\n").toString();
    }

    private static String row(AbuseResult result) {
        Observation seen = result.seen();
        return String.format(
                Locale.ROOT,
                "| %s | %s | %d | %d | %.0f | %.0f | %d of %d | %.0f | %s | %s | %s |%n",
                result.combination(),
                result.attack(),
                seen.renewalMs().size(),
                seen.lost().size(),
                seen.percentile(0.99),
                seen.percentile(1),
                seen.countOfFailedProbes(),
                result.probes(),
                seen.logBytesPerMinute() / 1000,
                result.cycles(),
                result.violations().isEmpty() ? "well" : "**violated**",
                result.answers());
    }
}
