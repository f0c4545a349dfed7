package io.streamlocks.coordinator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Compares the output of a command with the one that a page shows. Tokens, times and ids differ in each run, so a value
 * of the page stands for the value of this run, on the whole page.
 */
public final class DocumentedOutput {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** These differ from call to call. Two of them need not differ where two of the page do. */
    private static final Set<String> ALWAYS_NEW =
            Set.of("expiresInMs", "requestId", "sha256", "waitedMs", "waitingForMs");

    /** These differ from run to run. */
    private static final Set<String> NEW_IN_EACH_RUN =
            Set.of("leaseId", "fencingToken", "acquiredAt", "expiresAt", "endedAt", "nextPageToken");

    private final Map<String, String> ofThisRun = new HashMap<>();
    private final StringBuilder sent = new StringBuilder();

    /** Returns a command of the page with the values of this run. */
    public String translate(String command) {
        String translated = command;
        for (Map.Entry<String, String> value : ofThisRun.entrySet()) {
            translated = translated.replace(value.getKey(), value.getValue());
        }
        sent.append(translated);
        return translated;
    }

    /** Fails unless the output is the documented one. Lines before a JSON document may lack some in the page. */
    public void compare(String command, String documented, String actual) throws JsonProcessingException {
        assertThat(head(actual)).as(command).containsSubsequence(head(documented));
        String json = json(documented);
        assertThat(json.isEmpty())
                .as("%s\n%s", command, actual)
                .isEqualTo(json(actual).isEmpty());
        if (!json.isEmpty()) {
            compare(command, "", JSON.readTree(json), JSON.readTree(json(actual)));
        }
    }

    private void compare(String command, String field, JsonNode documented, JsonNode actual) {
        String where = command + "\n" + field + " in " + actual;
        assertThat(actual.getNodeType()).as(where).isEqualTo(documented.getNodeType());
        if (documented.isObject()) {
            assertThat(actual.fieldNames()).toIterable().as(where).containsExactlyElementsOf(documented::fieldNames);
            documented
                    .properties()
                    .forEach(property ->
                            compare(command, property.getKey(), property.getValue(), actual.get(property.getKey())));
        } else if (documented.isArray()) {
            assertThat(actual.size()).as(where).isEqualTo(documented.size());
            for (int i = 0; i < documented.size(); i++) {
                compare(command, field, documented.get(i), actual.get(i));
            }
        } else if (NEW_IN_EACH_RUN.contains(field) && !sent.toString().contains(documented.asText())) {
            String before = ofThisRun.putIfAbsent(documented.asText(), actual.asText());
            assertThat(actual.asText()).as(where).isEqualTo(before == null ? actual.asText() : before);
        } else if (!ALWAYS_NEW.contains(field)) {
            assertThat(actual).as(where).isEqualTo(documented);
        }
    }

    /** Returns the lines before a JSON document, without the values that differ. */
    private static List<String> head(String output) {
        return output.lines()
                .map(String::strip)
                .takeWhile(line -> !line.startsWith("{"))
                .filter(line -> !line.isEmpty())
                .map(line -> line.replaceAll("^slc_\\S+$", "<token>")
                        .replaceAll("^(X-Request-Id|Content-Length|Retry-After): .*", "$1")
                        .replaceAll("\\b\\d{16}\\b|\\b\\d+\\.\\d\\b", "<number>"))
                .map(line -> line.replaceAll(" +", " "))
                .toList();
    }

    private static String json(String output) {
        return output.lines()
                .dropWhile(line -> !line.startsWith("{"))
                .collect(Collectors.joining("\n"))
                .strip();
    }
}
