package io.streamlocks.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** The results, as text and as JSON. */
final class Report {

    private static final String BASELINE = "jdbc";

    private final Map<String, String> postgres;
    private final Options options;
    private final List<Measurement> measurements;
    private final List<String> remarks;

    Report(Map<String, String> postgres, Options options, List<Measurement> measurements, List<String> remarks) {
        this.postgres = postgres;
        this.options = options;
        this.measurements = measurements;
        this.remarks = remarks;
    }

    boolean isWithoutErrors() {
        return measurements.stream()
                .map(Measurement::median)
                .allMatch(sample -> sample.errors() == 0 && sample.perSecond() > 0);
    }

    /**
     * Returns the ratio of a figure to that of direct JDBC with the same number of workers. Returns nothing without
     * one.
     */
    private Optional<Double> ratio(Measurement of, ToDoubleFunction<Sample> figure) {
        return measurements.stream()
                .filter(other -> other.contender().equals(BASELINE)
                        && other.measure().equals(of.measure())
                        && other.workers() == of.workers())
                .map(other -> figure.applyAsDouble(of.median()) / figure.applyAsDouble(other.median()))
                .filter(Double::isFinite)
                .findFirst();
    }

    void print(PrintStream out) {
        out.printf(Locale.ROOT, "%n%s%n", machine());
        out.println("PostgreSQL: " + postgres);
        out.printf(
                Locale.ROOT,
                "%d rounds of %d s each, after %d s of warm-up; medians. Times in ms; x is the ratio to direct JDBC%n%n",
                options.rounds(),
                options.time().toSeconds(),
                options.warmUp().toSeconds());
        String line = "%-20s %-12s %7s %10s %6s %8s %8s %8s %6s %8s %7s %6s%n";
        out.printf(
                Locale.ROOT,
                line,
                "measure",
                "contender",
                "workers",
                "per s",
                "x",
                "p50",
                "p99",
                "acq p50",
                "x",
                "acq p99",
                "held",
                "errors");
        for (Measurement measurement : measurements) {
            Sample sample = measurement.median();
            out.printf(
                    Locale.ROOT,
                    line,
                    measurement.measure(),
                    measurement.contender(),
                    measurement.workers(),
                    String.format(Locale.ROOT, "%,.0f", sample.perSecond()),
                    ratio(measurement, Sample::perSecond)
                            .map(value -> String.format(Locale.ROOT, "%.2f", value))
                            .orElse(""),
                    String.format(Locale.ROOT, "%.2f", sample.p50Ms()),
                    String.format(Locale.ROOT, "%.2f", sample.p99Ms()),
                    ms(sample.acquireP50Ms()),
                    ratio(measurement, Sample::acquireP50Ms)
                            .map(value -> String.format(Locale.ROOT, "%.2f", value))
                            .orElse(""),
                    ms(sample.acquireP99Ms()),
                    sample.held(),
                    sample.errors() == 0 ? "0" : sample.errors() + " !");
        }
        out.println();
        remarks.forEach(out::println);
        for (Measurement measurement : measurements) {
            for (String message : measurement.median().messages()) {
                out.println("ERROR in " + measurement.measure() + " of " + measurement.contender() + " with "
                        + measurement.workers() + " workers: " + message);
            }
        }
    }

    private static String ms(double value) {
        return value == 0 ? "" : String.format(Locale.ROOT, "%.2f", value);
    }

    static String machine() {
        Runtime runtime = Runtime.getRuntime();
        return String.format(
                Locale.ROOT,
                "%d processors, %s %s, Java %s",
                runtime.availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                System.getProperty("java.version"));
    }

    void write(Path directory) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", machine());
        json.put("postgres", postgres);
        json.put("rounds", options.rounds());
        json.put("secondsEach", options.time().toSeconds());
        json.put("remarks", remarks);
        json.put("measurements", measurements.stream().map(this::json).toList());
        Path file = directory.resolve("results.json");
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), json);
        System.out.println("Wrote " + file);
        List<Bar> bars = measurements.stream()
                .filter(measurement -> measurement.measure().equals("cycles"))
                .map(measurement -> new Bar(
                        measurement.contender(),
                        measurement.workers(),
                        measurement.median().perSecond(),
                        measurement.median().errors() > 0))
                .toList();
        if (!bars.isEmpty()) {
            Files.writeString(directory.resolve("chart.svg"), Chart.svg(bars));
            System.out.println("Wrote " + directory.resolve("chart.svg"));
        }
    }

    private Map<String, Object> json(Measurement measurement) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("measure", measurement.measure());
        json.put("contender", measurement.contender());
        json.put("workers", measurement.workers());
        json.put("median", measurement.median());
        ratio(measurement, Sample::perSecond).ifPresent(ratio -> json.put("perSecondToJdbc", ratio));
        ratio(measurement, Sample::acquireP50Ms).ifPresent(ratio -> json.put("acquireP50ToJdbc", ratio));
        json.put("rounds", measurement.samples());
        return json;
    }
}
