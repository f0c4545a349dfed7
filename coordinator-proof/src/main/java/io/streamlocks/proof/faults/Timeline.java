package io.streamlocks.proof.faults;

import io.streamlocks.proof.check.Bar;
import io.streamlocks.proof.check.RunInfo;
import io.streamlocks.proof.check.Violation;
import io.streamlocks.proof.history.Fault;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The HTML page of a run. It shows for each stream which worker held it when, and the faults. */
final class Timeline {

    /** The file name in the folder of the run. */
    static final String FILE = "timeline.html";

    private static final int WIDTH = 1100;
    private static final int LABEL = 60;
    private static final int ROW = 10;

    private Timeline() {}

    static String of(RunResult result) {
        return HtmlReport.page(
                result.name(),
                "<p>Each row is a stream, and each colour a worker. Streams with a violation come first. Leases that are "
                        + "too short to see are left out. Grey bands are faults; point at one to see its kind.</p>\n"
                        + drawn(result));
    }

    private static String drawn(RunResult result) {
        Map<String, List<Bar>> byStream = result.check().figures().bars().stream()
                .collect(Collectors.groupingBy(Bar::stream, TreeMap::new, Collectors.toList()));
        List<String> broken = result.check().violations().stream()
                .map(Violation::stream)
                .distinct()
                .toList();
        List<String> shown = byStream.keySet().stream()
                .sorted(Comparator.comparing((String stream) -> !broken.contains(stream))
                        .thenComparing(Comparator.comparing(String::length))
                        .thenComparing(stream -> stream))
                .toList();
        int height = shown.size() * ROW + 20;
        StringBuilder svg = new StringBuilder(
                String.format(Locale.ROOT, "<svg width=\"%d\" height=\"%d\">", LABEL + WIDTH, height));
        for (Fault fault : result.faults()) {
            double from = x(result.info(), fault.start());
            double width = Math.max(2, x(result.info(), fault.end()) - from);
            svg.append(rectangle(from, 0, width, height, "#0002", fault.kind() + ": " + fault.what()));
        }
        int y = 4;
        for (String stream : shown) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"0\" y=\"%d\"%s>%s</text>",
                    y + 7,
                    broken.contains(stream) ? " fill=\"red\"" : "",
                    HtmlReport.escaped(stream)));
            for (Bar bar : byStream.getOrDefault(stream, List.of())) {
                double from = x(result.info(), bar.from());
                double width = Math.max(1, x(result.info(), bar.to()) - from);
                svg.append(rectangle(from, y, width, ROW - 3, colour(bar.owner()), bar.owner()));
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

    private static String rectangle(double x, int y, double width, int height, String fill, String title) {
        return String.format(
                Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>%s</title></rect>",
                x,
                y,
                width,
                height,
                fill,
                HtmlReport.escaped(title));
    }

    private static double x(RunInfo info, long at) {
        double part = (at - info.start()) / (double) (info.end() - info.start());
        return LABEL + WIDTH * Math.max(0, Math.min(1, part));
    }

    /**
     * Returns the colour of a worker, which all its processes share: {@code w3.2} is the second process of worker 3.
     */
    private static String colour(String owner) {
        int number = Integer.parseInt(owner.replaceAll("^w(\\d+)\\..*", "$1"));
        return "hsl(" + number * 137 % 360 + " 65% 50%)";
    }
}
