package io.streamlocks.proof.faults;

import io.streamlocks.proof.check.Figures;
import io.streamlocks.proof.check.Violation;
import io.streamlocks.proof.history.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The results of all runs, and whether they are good enough. */
final class Report {

    private static final double LEAST_PER_SECOND = 200;
    private static final double DATABASE_BACK_SECONDS = 5;

    /** The number of violations of a run that the report shows with their events. */
    private static final int SHOWN = 5;

    private final Settings settings;
    private final List<RunResult> results;
    private final Map<FaultClass, String> skipped;
    private final boolean judgesTimes;

    /**
     * Makes a report.
     *
     * @param skipped the faults that cannot be injected here, with the reasons
     * @param judgesTimes whether slow recoveries and a control without findings are failures. A short run has few of
     *     either, on a machine that may be busy, so it does not judge them
     */
    Report(Settings settings, List<RunResult> results, Map<FaultClass, String> skipped, boolean judgesTimes) {
        this.settings = settings;
        this.results = results;
        this.skipped = skipped;
        this.judgesTimes = judgesTimes;
    }

    /** Returns what is not good enough. Returns an empty list if all checks hold. */
    List<String> failures() {
        List<String> failures = new ArrayList<>();
        if (settings.namesFaults()) {
            skipped.keySet().stream()
                    .filter(settings.faults()::contains)
                    .forEach(fault -> failures.add("skipped " + fault + ", because " + skipped.get(fault)));
        }
        boolean stopped = false;
        long lost = 0;
        for (RunResult result : results) {
            int violations = result.check().violations().size();
            if (violations > 0) {
                failures.add(result.name() + ": " + violations + " violations");
            }
            result.anomalies().forEach(anomaly -> failures.add(result.name() + ": " + anomaly));
            Figures figures = result.check().figures();
            if (figures.undisturbedPerSecond() < LEAST_PER_SECOND) {
                failures.add(String.format(
                        Locale.ROOT,
                        "%s: %.0f operations/s without faults",
                        result.name(),
                        figures.undisturbedPerSecond()));
            }
            double back = max(figures.databaseBacks(result.info().coordinators()));
            if (judgesTimes && back > DATABASE_BACK_SECONDS) {
                failures.add(String.format(
                        Locale.ROOT,
                        "%s: a coordinator returned its first result %.1f s after the database and everything else was back",
                        result.name(),
                        back));
            }
            stopped |=
                    result.faults().stream().anyMatch(fault -> fault.kind().equals(FaultClass.WORKER_STOP.toString()));
            lost += result.check().lostUpdatesUnfenced();
        }
        boolean killed = results.stream()
                .flatMap(result -> result.faults().stream())
                .anyMatch(fault -> fault.kind().equals(FaultClass.WORKER_KILL.toString()));
        boolean mixed = results.stream()
                .allMatch(result ->
                        result.faults().stream().map(Fault::kind).distinct().count() > 1);
        if (judgesTimes && killed && !mixed && takeovers(results).isEmpty()) {
            failures.add("no takeover was measured: --every-ms must be more than --ttl-ms plus 1000");
        }
        double takeover = percentile(takeovers(results), 0.99);
        double most = settings.ttl().toMillis() / 1000.0 + 1;
        if (judgesTimes && takeover > most) {
            failures.add(String.format(
                    Locale.ROOT, "takeover p99 is %.1f s, which is more than the ttl plus one second", takeover));
        }
        if (judgesTimes && stopped && lost == 0) {
            failures.add("the control found nothing: no update was lost without the fence");
        }
        return failures;
    }

    /** Writes report.md and report.html. */
    void write() throws IOException {
        Path folder = settings.output();
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("report.md"), markdown());
        Files.writeString(folder.resolve("report.html"), HtmlReport.of(markdown(), results));
    }

    /** Writes the page of a run. The file report.html links to it. */
    void writeTimeline(RunResult result) throws IOException {
        Files.writeString(settings.output().resolve(result.name()).resolve(Timeline.FILE), Timeline.of(result));
    }

    String markdown() {
        StringBuilder text = new StringBuilder("# Proof under faults\n\n");
        text.append(summary()).append('\n');
        text.append("| faults | runs | operations | /s | undisturbed /s | faults injected | violations "
                + "| takeover p50 / p99 / max s | database back p50 / max s | stale writes refused "
                + "| without the fence: accepted / updates lost | other failures |\n");
        text.append("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
        byName().forEach((name, runs) -> text.append(row(name, runs)));
        skipped.forEach((fault, why) -> text.append("\nSkipped: ")
                .append(fault)
                .append(", because ")
                .append(why)
                .append(".\n"));
        text.append("\n## Responses\n\n| call and response | count |\n|---|---|\n");
        answers().forEach((answer, count) -> text.append("| ")
                .append(answer)
                .append(" | ")
                .append(count)
                .append(" |\n"));
        text.append("\n## Faults\n\n");
        for (RunResult result : results) {
            text.append("### ")
                    .append(result.name())
                    .append(", seed ")
                    .append(result.seed())
                    .append("\n\n");
            result.faults()
                    .forEach(fault -> text.append(String.format(
                            Locale.ROOT,
                            "- %.1f to %.1f s: %s%n",
                            (fault.start() - result.info().start()) / 1e9,
                            (fault.end() - result.info().start()) / 1e9,
                            fault.what())));
            result.anomalies()
                    .forEach(anomaly -> text.append("- **").append(anomaly).append("**\n"));
            List<Violation> violations = result.check().violations();
            violations.stream().limit(SHOWN).forEach(violation -> text.append("\n```\n")
                    .append(violation)
                    .append("\n```\n"));
            if (violations.size() > SHOWN) {
                text.append("\nand ").append(violations.size() - SHOWN).append(" more violations\n");
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** Returns the figures of all runs in a few lines. */
    String summary() {
        long operations = results.stream()
                .mapToLong(one -> one.check().figures().operations())
                .sum();
        int violations = results.stream()
                .mapToInt(one -> one.check().violations().size())
                .sum();
        List<String> failures = failures();
        return String.format(
                Locale.ROOT,
                "%d operations checked in %d runs, %d faults, %d violations. %d workers, %d coordinators, %d streams, ttl %d ms, "
                        + "first seed %d.%n%n%s%n",
                operations,
                results.size(),
                results.stream().mapToInt(one -> one.faults().size()).sum(),
                violations,
                settings.workers(),
                settings.coordinators(),
                settings.streams(),
                settings.ttl().toMillis(),
                settings.seed(),
                failures.isEmpty() ? "All checks hold." : "FAILED: " + String.join("; ", failures));
    }

    private static String row(String name, List<RunResult> runs) {
        List<Double> takeovers = takeovers(runs);
        List<Double> backs = runs.stream()
                .flatMap(run -> run.check().figures().databaseBacks(run.info().coordinators()).stream())
                .toList();
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %.0f | %.0f | %s | %d | %s | %s | %d | %d / %d | %s |%n",
                name,
                runs.size(),
                runs.stream()
                        .mapToLong(run -> run.check().figures().operations())
                        .sum(),
                mean(runs.stream().map(run -> run.check().figures().perSecond()).toList()),
                mean(runs.stream()
                        .map(run -> run.check().figures().undisturbedPerSecond())
                        .toList()),
                faults(runs),
                runs.stream().mapToInt(run -> run.check().violations().size()).sum(),
                takeovers.isEmpty()
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "%.2f / %.2f / %.2f (%d)",
                                percentile(takeovers, 0.5),
                                percentile(takeovers, 0.99),
                                max(takeovers),
                                takeovers.size()),
                backs.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f / %.2f", percentile(backs, 0.5), max(backs)),
                runs.stream()
                        .mapToLong(run -> run.check().figures().staleWrites())
                        .sum(),
                runs.stream()
                        .mapToLong(run -> run.check().staleWritesUnfenced())
                        .sum(),
                runs.stream()
                        .mapToLong(run -> run.check().lostUpdatesUnfenced())
                        .sum(),
                String.join(
                        "; ",
                        runs.stream().flatMap(run -> run.anomalies().stream()).toList()));
    }

    /** Returns the number of faults, their frequency, and the number of their classes. */
    private static String faults(List<RunResult> runs) {
        long count = runs.stream().mapToLong(run -> run.faults().size()).sum();
        double seconds = runs.stream()
                .mapToDouble(run -> (run.info().end() - run.info().start()) / 1e9)
                .sum();
        long classes = runs.stream()
                .flatMap(run -> run.faults().stream())
                .map(Fault::kind)
                .distinct()
                .count();
        return count == 0
                ? "0"
                : String.format(
                        Locale.ROOT,
                        "%d, one in %.1f s%s",
                        count,
                        seconds / count,
                        classes > 1 ? ", of " + classes + " classes" : "");
    }

    /** Groups the runs of the same faults. Their names differ only in the number at the end. */
    private Map<String, List<RunResult>> byName() {
        Map<String, List<RunResult>> byName = new TreeMap<>();
        results.forEach(
                result -> byName.computeIfAbsent(result.name().replaceAll("-\\d+$", ""), name -> new ArrayList<>())
                        .add(result));
        return byName;
    }

    private Map<String, Long> answers() {
        Map<String, Long> all = new TreeMap<>();
        results.forEach(result ->
                result.check().figures().answers().forEach((answer, count) -> all.merge(answer, count, Long::sum)));
        return all;
    }

    private static List<Double> takeovers(List<RunResult> runs) {
        return runs.stream()
                .flatMap(run -> run.check().figures().takeovers().stream())
                .toList();
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    private static double max(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    }

    private static double percentile(List<Double> values, double part) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? 0 : sorted.get((int) Math.ceil(part * sorted.size()) - 1);
    }
}
