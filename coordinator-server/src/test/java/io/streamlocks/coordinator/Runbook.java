package io.streamlocks.coordinator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The SQL of {@code docs/operations.md}, so that a test runs the same lines as the person on call. */
final class Runbook {

    private static final Path FILE = Path.of("..", "docs", "operations.md");

    private Runbook() {}

    /** Returns the statements of the first SQL block under a heading. */
    static List<String> sql(String heading) throws IOException {
        return sqlBlocks(heading).get(0);
    }

    /** Returns the statements of each SQL block under a heading. */
    static List<List<String>> sqlBlocks(String heading) throws IOException {
        List<String> section = Files.readAllLines(FILE).stream()
                .dropWhile(line -> !line.matches("#+ " + heading))
                .skip(1)
                .takeWhile(line -> !line.startsWith("#"))
                .toList();
        List<List<String>> blocks = new ArrayList<>();
        for (int i = 0; i < section.size(); i++) {
            if (section.get(i).equals("```sql")) {
                List<String> block = section.subList(i + 1, section.size()).stream()
                        .takeWhile(line -> !line.equals("```"))
                        .toList();
                blocks.add(Stream.of(String.join("\n", block).split(";"))
                        .map(String::strip)
                        .filter(statement -> !statement.isEmpty())
                        .toList());
            }
        }
        if (blocks.isEmpty()) {
            throw new AssertionError(FILE + " has no SQL under the heading " + heading);
        }
        return blocks;
    }
}
