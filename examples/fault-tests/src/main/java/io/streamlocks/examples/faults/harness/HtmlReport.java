package io.streamlocks.examples.faults.harness;

import io.streamlocks.examples.faults.check.Bar;
import io.streamlocks.examples.faults.check.RunInfo;
import io.streamlocks.examples.faults.check.Violation;
import io.streamlocks.examples.faults.history.Fault;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The report with a timeline for each stream: who held it when, and when the faults were. */
final class HtmlReport {

    private static final int WIDTH = 1100;
    private static final int LABEL = 60;
    private static final int ROW = 10;

    /** Rows in the whole report; a run of its own shows all its streams. */
    private static final int MAX_ROWS = 400;

    private final String markdown;
    private final List<RunResult> results;

    /**
     * @param markdown what is told of all runs together
     * @param results of which each stream gets a timeline
     */
    HtmlReport(String markdown, List<RunResult> results) {
        this.markdown = markdown;
        this.results = results;
    }

    String html() {
        StringBuilder html = new StringBuilder("""
                <!doctype html><html lang="en"><meta charset="utf-8"><title>Proof under faults</title>
                <style>body{font:14px system-ui,sans-serif;margin:2em;max-width:75em}pre{background:#f4f4f4;padding:1em;overflow:auto}
                svg{display:block;margin:1em 0}svg text{font:9px system-ui,sans-serif}</style>
                <h1>Proof under faults</h1>
                """);
        html.append("<pre>").append(escaped(markdown)).append("</pre>\n");
        html.append("<h2>Timelines</h2><p>A row for each stream, a colour for each worker; leases too short to be seen "
                + "are left out. Grey bands are faults; point at one for what it was.</p>\n");
        results.forEach(result -> html.append("<h3>")
                .append(escaped(result.name()))
                .append("</h3>\n")
                .append(timelines(result)));
        return html.append("</html>\n").toString();
    }

    private String timelines(RunResult result) {
        Map<String, List<Bar>> byStream = result.check().figures().bars().stream()
                .collect(Collectors.groupingBy(Bar::stream, TreeMap::new, Collectors.toList()));
        List<String> broken = result.check().violations().stream()
                .map(Violation::stream)
                .distinct()
                .toList();
        // Those with a violation first.
        List<String> shown = byStream.keySet().stream()
                .sorted(Comparator.comparing((String stream) -> !broken.contains(stream))
                        .thenComparing(Comparator.comparing(String::length))
                        .thenComparing(stream -> stream))
                .limit(Math.max(8, MAX_ROWS / results.size()))
                .toList();
        int height = shown.size() * ROW + 20;
        StringBuilder svg = new StringBuilder("<svg width=\"%d\" height=\"%d\">".formatted(LABEL + WIDTH, height));
        for (Fault fault : result.faults()) {
            double from = x(result.info(), fault.start());
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\" fill=\"#0002\"><title>%s</title></rect>",
                    from,
                    Math.max(2, x(result.info(), fault.end()) - from),
                    height,
                    escaped(fault.kind() + ": " + fault.what())));
        }
        int y = 4;
        for (String stream : shown) {
            svg.append("<text x=\"0\" y=\"%d\"%s>%s</text>"
                    .formatted(y + 7, broken.contains(stream) ? " fill=\"red\"" : "", escaped(stream)));
            for (Bar bar : byStream.get(stream)) {
                double from = x(result.info(), bar.from());
                svg.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>%s</title></rect>",
                        from,
                        y,
                        Math.max(1, x(result.info(), bar.to()) - from),
                        ROW - 3,
                        colour(bar.owner()),
                        escaped(bar.owner())));
            }
            y += ROW;
        }
        for (int part = 0; part <= 10; part++) {
            long at =
                    result.info().start() + (result.info().end() - result.info().start()) / 10 * part;
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\">%.0f s</text>",
                    x(result.info(), at),
                    height - 2,
                    (at - result.info().start()) / 1e9));
        }
        return svg.append("</svg>\n").toString();
    }

    private static double x(RunInfo info, long at) {
        double part = (at - info.start()) / (double) (info.end() - info.start());
        return LABEL + WIDTH * Math.max(0, Math.min(1, part));
    }

    /** Of the worker, whichever process of it: {@code w3.2} is the second one of the third. */
    private static String colour(String owner) {
        int number = Integer.parseInt(owner.replaceAll("^w(\\d+)\\..*", "$1"));
        return "hsl(" + number * 137 % 360 + " 65% 50%)";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
