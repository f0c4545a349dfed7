package io.streamlocks.coordinator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The SQL of {@code docs/operations.md}, so that a test runs the same lines as the person on call. */
final class Runbook {

    private static final Path FILE = Path.of("..", "docs", "operations.md");

    private Runbook() {}

    /** Returns the statements of the first SQL block under a heading. */
    static List<String> sql(String heading) throws IOException {
        List<String> block = Files.readAllLines(FILE).stream()
                .dropWhile(line -> !line.matches("#+ " + heading))
                .skip(1)
                .takeWhile(line -> !line.startsWith("#"))
                .dropWhile(line -> !line.equals("```sql"))
                .skip(1)
                .takeWhile(line -> !line.equals("```"))
                .toList();
        if (block.isEmpty()) {
            throw new AssertionError(FILE + " has no SQL under the heading " + heading);
        }
        return Stream.of(String.join("\n", block).split(";"))
                .map(String::strip)
                .filter(statement -> !statement.isEmpty())
                .toList();
    }
}
