package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.docs.Markdown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Compares {@code docs/operations.md} with the alerts, and all pages with the settings. The drills run its SQL. */
class RunbookTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern SETTING =
            Pattern.compile("\\b(?:AUTH|COORDINATOR|DATABASE|HTTP|JWT|LOCK|LOG|MAX|OTEL|RATE|SHUTDOWN|TLS)_[A-Z_]+\\b");

    /** Names that docs/configuration.md shows as misspelt, or as variables of other programs. */
    private static final Set<String> NO_SETTINGS =
            Set.of("HTTP_PROT", "LOCK_TTL", "LOCK_PORT", "DATABASE_URL_UNPOOLED");

    @Test
    void everyAlertIsExplainedAndNoOther() throws Exception {
        Set<String> rules = found("(?m)^ *- alert: (\\w+)$", read("examples/monitoring/alerts.yml"));
        String runbook = read("docs/operations.md");

        assertThat(rules).isNotEmpty();
        assertThat(found("`(StreamLocks\\w+)`", runbook.substring(runbook.indexOf("\n## Alerts"))))
                .isEqualTo(rules);
        assertThat(rules).containsAll(found("\\b(StreamLocks\\w+)", runbook));
    }

    @Test
    void everySettingInTheDocumentsIsOne() throws Exception {
        Set<String> settings = found("(?m)^(?:# )?([A-Z_]+)=", read(".env.example"));
        for (String page : Markdown.files()) {
            if (page.equals("README.md") || page.startsWith("docs/")) {
                Set<String> named = found("(" + SETTING.pattern() + ")", read(page));
                named.removeAll(NO_SETTINGS);
                assertThat(settings).as(page).containsAll(named);
            }
        }
    }

    private static Set<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String read(String file) throws IOException {
        return Files.readString(ROOT.resolve(file));
    }
}
