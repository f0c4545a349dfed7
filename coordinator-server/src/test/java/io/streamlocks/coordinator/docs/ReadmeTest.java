package io.streamlocks.coordinator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReadmeTest {

    @Test
    void theReadmeHasAtMost150Lines() throws IOException {
        assertThat(Markdown.read("README.md").lines()).hasSizeLessThanOrEqualTo(150);
    }

    @Test
    void theReadmeListsEveryPageOfTheDocuments() throws IOException {
        List<String> pages;
        try (Stream<Path> files = Files.list(Markdown.ROOT.resolve("docs"))) {
            pages = files.map(file -> "docs/" + file.getFileName()).toList();
        }
        assertThat(pages).isNotEmpty();
        assertThat(Markdown.read("README.md").links()).containsAll(pages);
    }
}
