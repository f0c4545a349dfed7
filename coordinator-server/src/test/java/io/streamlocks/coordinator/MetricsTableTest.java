package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.docs.Markdown;
import io.streamlocks.coordinator.telemetry.Scrape;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Compares the table of metrics in docs/observability.md with a server on PostgreSQL. */
@Tag("postgres")
class MetricsTableTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (\\w+) (\\w+)$");
    private static final Predicate<String> OURS =
            Pattern.compile("(streamlocks|http_server)_.*").asMatchPredicate();

    /** Labels that belong to a type and not to a metric. */
    private static final Set<String> OF_TYPES = Set.of("le", "quantile");

    /**
     * A metric.
     *
     * @param type counter, gauge, histogram or summary
     * @param labels the names of its labels
     */
    private record Metric(String type, Set<String> labels) {}

    @Test
    void theTableHasTheNamesTypesAndLabelsThatAServerExposes() throws Exception {
        String text = scrape();
        Map<String, String> types = TYPE.matcher(text)
                .results()
                .collect(Collectors.toMap(type -> type.group(1), type -> type.group(2), (a, b) -> a, TreeMap::new));
        Scrape scrape = Scrape.of(text);

        Map<String, Metric> exposed = new TreeMap<>();
        types.forEach((name, type) -> {
            if (OURS.test(name) && !isMaximumOfAnother(name, types)) {
                exposed.put(name, new Metric(type, labels(scrape, name)));
            }
        });
        Map<String, Metric> documented = new TreeMap<>();
        for (List<String> row : Markdown.read("docs/observability.md").table("Metrics")) {
            documented.put(words(row.get(0)).iterator().next(), new Metric(row.get(1), words(row.get(2))));
        }
        assertThat(documented).isEqualTo(exposed);

        assertThat(types.keySet().stream().filter(OURS.negate()).map(name -> name.replaceFirst("_.*", "_")))
                .isNotEmpty()
                .allMatch(Set.of("hikaricp_", "jvm_", "process_", "system_")::contains);
    }

    @Test
    void thePagesNameEachValueOfALabel() throws Exception {
        Scrape scrape = Scrape.of(scrape());
        Set<String> limits =
                words(Markdown.read("docs/security.md").table("Limits").toString());
        for (List<String> row : Markdown.read("docs/observability.md").table("Metrics")) {
            String name = words(row.get(0)).iterator().next();
            Set<String> named = words(row.get(3));
            scrape.samples().stream()
                    .filter(sample -> sample.name().equals(name))
                    .flatMap(sample -> Stream.of("outcome", "reason", "state", "file")
                            .map(sample.labels()::get)
                            .filter(value -> value != null))
                    .forEach(value -> assertThat(name.equals("streamlocks_refusals_total") ? limits : named)
                            .as(name)
                            .contains(value));
        }
    }

    private static String scrape() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator = TestCoordinator.onPostgres(database.url())) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            calls.acquire("a", UUID.randomUUID());
            return await().atMost(SOON)
                    .until(
                            () -> calls.get("/metrics").body(),
                            text -> text.contains("http_server_requests_seconds_count")
                                    && text.contains("streamlocks_table_rows"));
        }
    }

    private static boolean isMaximumOfAnother(String name, Map<String, String> types) {
        return name.endsWith("_max") && types.containsKey(name.substring(0, name.length() - "_max".length()));
    }

    private static Set<String> labels(Scrape scrape, String name) {
        return scrape.samples().stream()
                .filter(sample -> sample.name().equals(name)
                        || sample.name().equals(name + "_count")
                        || sample.name().equals(name + "_bucket"))
                .flatMap(sample -> sample.labels().keySet().stream())
                .filter(label -> !OF_TYPES.contains(label))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns what is in backticks. */
    private static Set<String> words(String text) {
        Set<String> words = new TreeSet<>();
        Matcher word = Pattern.compile("`([^`]+)`").matcher(text);
        while (word.find()) {
            words.add(word.group(1));
        }
        return words;
    }
}
