package io.streamlocks.proof.patroni;

import io.streamlocks.proof.check.Violation;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The results of all parts, and whether they are good enough. */
final class PatroniReport {

    /** The number of violations of a part that the report shows with their events. */
    private static final int SHOWN = 5;

    private final PatroniSettings settings;
    private final List<PatroniResult> results;
    private final boolean judgesTimes;

    PatroniReport(PatroniSettings settings, List<PatroniResult> results, boolean judgesTimes) {
        this.settings = settings;
        this.results = results;
        this.judgesTimes = judgesTimes;
    }

    /** Returns what is not good enough. Returns an empty list if all checks hold. */
    List<String> failures() {
        return results.stream()
                .flatMap(result -> result.failures(judgesTimes).stream())
                .toList();
    }

    /** Writes report.md. */
    void write() throws IOException {
        Path folder = settings.load().output();
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("report.md"), markdown());
    }

    String markdown() {
        StringBuilder text = new StringBuilder("# Fail-overs by Patroni\n\n");
        text.append(String.format(
                Locale.ROOT,
                "Seed %d. The ttl of Patroni is %d s, that of the workers' leases %d ms. Coordinator 1 connects through"
                        + " HAProxy, and coordinator 2 to all nodes.%n%n%s%n%n",
                settings.load().seed(),
                settings.patroniTtl(),
                settings.load().ttl().toMillis(),
                failures().isEmpty() ? "All checks hold." : "FAILED: " + String.join("; ", failures())));
        text.append("| part | fail-overs | operations | violations | grants lost by the database"
                + " | violations that lost commits explain | leases of 30 s: held / lost | stale writes refused |\n");
        text.append("|---|---|---|---|---|---|---|---|\n");
        results.forEach(result -> text.append(row(result)));
        text.append("\n| part | kind | number | until promoted: median / max s"
                + " | then until a grant through HAProxy: median / max s | with all hosts: median / max s"
                + " | longest pause: median / max s |\n");
        text.append("|---|---|---|---|---|---|---|\n");
        results.forEach(result -> text.append(times(result)));
        text.append(String.format(
                Locale.ROOT,
                "%n\"Until a grant\" begins when the new primary leaves recovery. All processes shared %d processors,"
                        + " on which %.0f threads were ready to run at the end (load average).%n",
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        results.forEach(result -> text.append(events(result)));
        return text.toString();
    }

    private static String row(PatroniResult result) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %d | %d | %d | %d / %d | %d |%n",
                result.part().name(),
                result.failOvers().size(),
                result.check().figures().operations(),
                result.violations().size(),
                result.check().lostGrants(),
                result.check().violations().size() - result.violations().size(),
                result.held(),
                result.lost(),
                result.check().figures().staleWrites());
    }

    private static String times(PatroniResult result) {
        Map<FailOverClass, List<FailOver>> byKind = result.failOvers().stream()
                .collect(Collectors.groupingBy(FailOver::kind, TreeMap::new, Collectors.toList()));
        StringBuilder rows = new StringBuilder();
        byKind.forEach((kind, ofKind) -> rows.append(String.format(
                Locale.ROOT,
                "| %s | %s | %d | %s | %s | %s | %s |%n",
                result.part().name(),
                kind,
                ofKind.size(),
                medianAndMax(ofKind.stream().map(FailOver::untilPromoted).toList()),
                medianAndMax(
                        ofKind.stream().map(one -> one.untilGrants().get(0)).toList()),
                medianAndMax(
                        ofKind.stream().map(one -> one.untilGrants().get(1)).toList()),
                medianAndMax(ofKind.stream().map(FailOver::longestPause).toList()))));
        return rows.toString();
    }

    private static String medianAndMax(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return String.format(
                Locale.ROOT, "%.2f / %.2f", sorted.get((sorted.size() - 1) / 2), sorted.get(sorted.size() - 1));
    }

    private static String events(PatroniResult result) {
        StringBuilder text =
                new StringBuilder("\n## ").append(result.part().name()).append("\n\n");
        for (FailOver failOver : result.failOvers()) {
            text.append(String.format(
                    Locale.ROOT,
                    "- %s. Promoted after %.2f s. First grants %.2f s and %.2f s after that%n",
                    failOver.fault().what(),
                    failOver.untilPromoted(),
                    failOver.untilGrants().get(0),
                    failOver.untilGrants().get(1)));
        }
        result.anomalies()
                .forEach(anomaly -> text.append("- **").append(anomaly).append("**\n"));
        List<Violation> explained = new ArrayList<>(result.check().violations());
        explained.removeAll(result.violations());
        explained.stream()
                .collect(Collectors.groupingBy(Violation::rule, TreeMap::new, Collectors.counting()))
                .forEach((rule, count) -> text.append("- lost commits explain ")
                        .append(count)
                        .append(" violations of: ")
                        .append(rule)
                        .append('\n'));
        result.violations().stream()
                .limit(SHOWN)
                .forEach(violation -> text.append("\n```\n").append(violation).append("\n```\n"));
        return text.toString();
    }
}
