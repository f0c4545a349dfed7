package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds {@code RUNBOOK.md} against what it speaks of. That its SQL works is shown by the drills. */
class RunbookTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern LINK = Pattern.compile("\\[[^]]+]\\(([^)#]*)(?:#([^)]+))?\\)");
    private static final Pattern SETTING =
            Pattern.compile("\\b(?:AUTH|COORDINATOR|DATABASE|HTTP|JWT|LOCK|LOG|MAX|OTEL|RATE|SHUTDOWN|TLS)_[A-Z_]+\\b");

    @Test
    void everyAlertIsExplainedAndNoOther() throws Exception {
        Set<String> rules = found("(?m)^ *- alert: (\\w+)$", read("examples/monitoring/alerts.yml"));
        String runbook = read("RUNBOOK.md");

        assertThat(rules).isNotEmpty();
        assertThat(found("`(StreamLocks\\w+)`", runbook.substring(runbook.indexOf("\n## Alerts"))))
                .isEqualTo(rules);
        assertThat(rules).containsAll(found("\\b(StreamLocks\\w+)", runbook));
    }

    @Test
    void everyLinkLeadsSomewhere() throws Exception {
        for (MatchResult link : LINK.matcher(read("RUNBOOK.md")).results().toList()) {
            String file = link.group(1).isEmpty() ? "RUNBOOK.md" : link.group(1);
            assertThat(ROOT.resolve(file)).exists();
            if (link.group(2) != null) {
                assertThat(anchors(file)).as(file).contains(link.group(2));
            }
        }
    }

    @Test
    void everySettingIsOne() throws Exception {
        assertThat(found("(?m)^(?:# )?([A-Z_]+)=", read(".env.example")))
                .containsAll(found("(" + SETTING.pattern() + ")", read("RUNBOOK.md")));
    }

    /** As the pages that show it make them of headings. */
    private static List<String> anchors(String file) throws IOException {
        return Files.readAllLines(ROOT.resolve(file)).stream()
                .filter(line -> line.matches("#+ .*"))
                .map(line -> line.replaceFirst("#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w -]", "")
                        .replace(' ', '-'))
                .toList();
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
