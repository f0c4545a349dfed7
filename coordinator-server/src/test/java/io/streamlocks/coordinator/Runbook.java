package io.streamlocks.coordinator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** {@code RUNBOOK.md}: what a test takes from it is what somebody takes from it at night. */
final class Runbook {

    private static final Path FILE = Path.of("..", "RUNBOOK.md");

    private Runbook() {}

    /** The first block of SQL under a heading, a statement each. */
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
