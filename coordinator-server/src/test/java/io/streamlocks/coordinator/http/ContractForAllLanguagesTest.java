package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swagger.v3.oas.models.media.Schema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Rules of the contract by which generated clients compile and work in every language. */
class ContractForAllLanguagesTest {

    private static List<Schema<?>> schemas() {
        List<Schema<?>> schemas = new ArrayList<>();
        OpenApiFilter.SPEC.getComponents().getSchemas().values().forEach(schemas::add);
        return schemas;
    }

    /** In Go the constants of all enums that are schemas share one package. */
    @Test
    void noTwoEnumsThatAreSchemasShareAValue() {
        List<Object> values = new ArrayList<>();
        schemas().stream()
                .filter(schema -> schema.getEnum() != null)
                .forEach(schema -> values.addAll(schema.getEnum()));
        assertThat(values).contains("expired").doesNotHaveDuplicates();
    }

    /** Otherwise a client generated with the option for values of newer servers is not valid Python. */
    @Test
    void enumsHaveNoNamesOfTheirOwnForTheirConstants() {
        assertThat(schemas())
                .allSatisfy(schema -> assertThat(schema.getExtensions()).isNull());
    }

    /** PCRE, which PHP uses, does not support {@code \}{@code u}, and matches bytes outside of its Unicode mode. */
    @Test
    void patternsUseAsciiAndEscapesOfAllLanguages() {
        assertThat(schemas().stream().map(schema -> schema.getPattern()).filter(Objects::nonNull))
                .hasSizeGreaterThan(2)
                .allMatch(pattern -> pattern.matches("(?:[ -\\[\\]-~]|\\\\x[0-7]\\p{XDigit})+"));
    }

    /** A client in C# accepts seven fractional digits of a second, and one in PHP six. */
    @Test
    void timesHaveAtMostSixFractionalDigits() {
        try (TestServer server = TestServer.open()) {
            String stream = TestServer.randomStream();
            UUID leaseId = UUID.randomUUID();
            server.clock.advance(Duration.ofNanos(1));
            JsonNode lease = json(server.acquire(stream, "me", leaseId));
            server.release(stream, leaseId);
            JsonNode grant =
                    json(server.get(TestServer.path(stream) + "/history")).at("/grants/0");
            assertThat(List.of(
                            lease.get("acquiredAt").asText(),
                            lease.get("expiresAt").asText(),
                            grant.get("endedAt").asText()))
                    .allMatch(time -> time.matches("[^.]+(\\.\\d{1,6})?Z"));
        }
    }

    /** Numbers in JavaScript, and in many readers of JSON, are exact up to here. */
    @Test
    void everyNumberThatMattersIsExactInEveryLanguage() {
        assertThat(OpenApiFilter.SPEC
                        .getComponents()
                        .getSchemas()
                        .get("FencingToken")
                        .getMaximum()
                        .longValueExact())
                .isEqualTo((1L << 53) - 1);
    }

    /** The page encodes parameters itself: an encoded id would become another one. */
    @Test
    void noDescriptionAsksToEncodeAParameter() {
        assertThat(FuzzCases.targets())
                .flatExtracting(FuzzCases.Target::parameters)
                .allSatisfy(parameter -> assertThat(parameter.getDescription()).doesNotContain("percent-encoded"));
    }

    @Test
    void theServerIsRelativeToTheDocument() {
        try (TestServer server = TestServer.open()) {
            assertThat(server.get("/openapi.yaml").asString()).contains("\nservers:\n  - url: ./\n");
        }
    }
}
