package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Compares the description of the properties, which editors show, with the table of docs/spring.md. */
class PropertiesMetadataTest {

    private static final Pattern ROW = Pattern.compile("\\| `stream-locks\\.([a-z.-]+)` \\|.*");

    @Test
    void everyPropertyIsDescribedInTheMetadataAndOnThePage() throws Exception {
        JsonNode metadata;
        try (InputStream in =
                StreamLockProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            metadata = new ObjectMapper().readTree(in);
        }
        Set<String> described = new TreeSet<>();
        for (JsonNode property : metadata.get("properties")) {
            String name = property.get("name").asText();
            if (name.startsWith("stream-locks.")) {
                assertThat(property.path("description").asText()).as(name).endsWith(".");
                described.add(name.replaceFirst("stream-locks\\.", ""));
            }
        }
        Set<String> documented = Files.readAllLines(Path.of("..", "..", "docs", "spring.md")).stream()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> row.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(documented).isNotEmpty().isEqualTo(described);
    }
}
