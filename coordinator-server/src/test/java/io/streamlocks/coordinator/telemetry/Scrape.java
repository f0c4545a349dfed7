package io.streamlocks.coordinator.telemetry;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The samples of {@code /metrics}.
 *
 * @param samples the samples in their order
 */
public record Scrape(List<Sample> samples) {

    private static final Pattern LINE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\",?");

    /** A number with its name and labels. */
    public record Sample(String name, Map<String, String> labels, double value) {}

    /** Parses the text format, and fails on a line that it cannot parse. */
    public static Scrape of(String text) {
        return new Scrape(text.lines()
                .filter(line -> !line.startsWith("#"))
                .map(Scrape::sample)
                .toList());
    }

    private static Sample sample(String line) {
        Matcher matcher = LINE.matcher(line);
        if (!matcher.matches()) {
            throw new AssertionError("No sample: " + line);
        }
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(matcher.group(2) == null ? "" : matcher.group(2));
        while (label.find()) {
            labels.put(label.group(1), label.group(2));
        }
        return new Sample(
                matcher.group(1), labels, Double.parseDouble(matcher.group(3).replace("Inf", "Infinity")));
    }

    /** Returns the value of the only sample with this name and these labels; 0 if there is none. */
    public double value(String name, Map<String, String> labels) {
        List<Double> values = samples.stream()
                .filter(sample ->
                        sample.name().equals(name) && sample.labels().entrySet().containsAll(labels.entrySet()))
                .map(Sample::value)
                .toList();
        if (values.size() > 1) {
            throw new AssertionError(values.size() + " samples of " + name + labels);
        }
        return values.isEmpty() ? 0 : values.get(0);
    }

    /** Returns the names of all samples. */
    public Set<String> names() {
        return samples.stream().map(Sample::name).collect(Collectors.toSet());
    }

    /** Returns the changes of a metric since an earlier scrape, by the value of one of its labels. */
    public Map<String, Double> movedSince(Scrape earlier, String name, String label) {
        Map<String, Double> moved = new HashMap<>();
        samples.stream().filter(sample -> sample.name().equals(name)).forEach(sample -> {
            double by = sample.value() - earlier.value(name, sample.labels());
            if (by != 0) {
                moved.merge(sample.labels().get(label), by, Double::sum);
            }
        });
        return moved;
    }
}
