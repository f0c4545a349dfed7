package io.streamlocks.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/** The named figures of a command, which it prints and writes to a file. This class is not thread-safe. */
final class Figures {

    private final Map<String, Object> figures = new LinkedHashMap<>();

    /** Returns the median; the mean of the two in the middle if their number is even. */
    static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    void put(String name, Object value) {
        figures.put(name, value);
    }

    /** Prints the figures, and writes them as JSON with what is necessary to compare them. */
    void report(Postgres postgres, PrintStream out, Path file) throws IOException {
        out.println(Report.machine());
        out.println("PostgreSQL: " + postgres.settings());
        figures.forEach((name, value) -> out.printf(
                Locale.ROOT,
                "%-32s %s%n",
                name,
                value instanceof Double number ? String.format(Locale.ROOT, "%,.2f", number) : value));
        Map<String, Object> json = new LinkedHashMap<>(figures);
        json.put("machine", Report.machine());
        json.put("postgres", postgres.settings());
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), json);
        out.println("Wrote " + file);
    }
}
