package io.streamlocks.coordinator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The person on call searches the pages for the text of a message. A message whose wording changes must change in docs/
 * and here, too.
 */
class QuotedMessagesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "The database lacks what leases need",
                "Another transaction has this stream locked",
                "Run this as a role that may grant it",
                "A migration is due. Run java -jar coordinator.jar migrate",
                "leads to a connection pooler",
                "A connection to the database takes no writes. All connections are replaced",
                "too few are synchronous",
                "no longer found",
                "PostgreSQL at ",
                "Reloaded ",
                "tokens file",
                "database password",
                "cannot be used",
                "must be 64 hex digits",
                "Ended a connection from",
                "Refused calls",
                "look at the streams that callers wait for",
                "Memory has run out",
                "cannot be set up yet",
                "on which this server was never tested"
            })
    void aMessageThatAPageQuotesIsInTheCode(String message) throws IOException {
        assertThat(pages()).contains(message);
        assertThat(code()).contains(message);
    }

    private static String pages() throws IOException {
        return allIn(Markdown.ROOT.resolve("docs"), ".md").replaceAll("\\s+", " ");
    }

    /** Returns the code of the server, in which a long text is one literal. */
    private static String code() throws IOException {
        return allIn(Path.of("src", "main", "java"), ".java").replaceAll("\"\\s*\\+\\s*\"", "");
    }

    private static String allIn(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .map(QuotedMessagesTest::read)
                    .collect(Collectors.joining("\n"));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
