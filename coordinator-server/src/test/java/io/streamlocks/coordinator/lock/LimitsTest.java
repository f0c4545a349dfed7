package io.streamlocks.coordinator.lock;

import static org.assertj.core.api.Assertions.assertThat;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.parser.OpenAPIV3Parser;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract states the bounds that the server enforces. */
class LimitsTest {

    private static final OpenAPI CONTRACT = new OpenAPIV3Parser().read("../openapi.yaml");

    private static Schema<?> schema(String name) {
        return CONTRACT.getComponents().getSchemas().get(name);
    }

    private static Schema<?> field(String schema, String field) {
        return (Schema<?>) schema(schema).getProperties().get(field);
    }

    @ParameterizedTest
    @ValueSource(strings = {"StreamId", "OwnerId", "Reason"})
    void idsAndReasonsHaveOneMaximumLength(String name) {
        assertThat(schema(name).getMinLength()).isEqualTo(1);
        assertThat(schema(name).getMaxLength()).isEqualTo(Limits.MAX_ID_LENGTH);
    }

    @Test
    void labelsAreBoundedInNumberAndLength() {
        Schema<?> labels = schema("Labels");
        assertThat(labels.getMaxProperties()).isEqualTo(Limits.MAX_LABELS);
        assertThat(((Schema<?>) labels.getAdditionalProperties()).getMaxLength())
                .isEqualTo(Limits.MAX_LABEL_VALUE_LENGTH);
        assertThat(labels.getDescription().replaceAll("\\s+", " "))
                .contains("up to " + Limits.MAX_LABELS)
                .contains("1 to " + Limits.MAX_LABEL_NAME_LENGTH + " characters")
                .contains("up to " + Limits.MAX_LABEL_VALUE_LENGTH);
    }

    @Test
    void theTtlTheDelayOfABreakAndTheWaitAreBounded() {
        assertMillis("TtlMs", Limits.MIN_TTL, Limits.MAX_TTL);
        assertMillis("DelayMs", Duration.ZERO, Limits.MAX_BREAK_DELAY);
        assertMillis("WaitMs", Duration.ZERO, Limits.MAX_WAIT);
        assertThat(schema("TtlMs").getExample()).hasToString(Long.toString(Limits.DEFAULT_TTL.toMillis()));
    }

    private static void assertMillis(String name, Duration minimum, Duration maximum) {
        assertThat(schema(name).getMinimum()).isEqualTo(BigDecimal.valueOf(minimum.toMillis()));
        assertThat(schema(name).getMaximum()).isEqualTo(BigDecimal.valueOf(maximum.toMillis()));
    }

    @Test
    void theFencingTokenIsBounded() {
        assertThat(schema("FencingToken").getMinimum()).isEqualTo(BigDecimal.ONE);
        assertThat(schema("FencingToken").getMaximum()).isEqualTo(BigDecimal.valueOf(Limits.MAX_FENCING_TOKEN));
    }

    @ParameterizedTest
    @ValueSource(strings = {"BatchAcquireRequest", "BatchRenewRequest", "BatchReleaseRequest"})
    void batchesAreBounded(String name) {
        assertThat(field(name, "items").getMaxItems()).isEqualTo(Limits.MAX_BATCH_ITEMS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BatchLeaseResponse", "BatchReleaseResponse"})
    void resultsOfBatchesAreBounded(String name) {
        assertThat(field(name, "results").getMaxItems()).isEqualTo(Limits.MAX_BATCH_ITEMS);
    }

    @Test
    void pagesAreBounded() {
        Parameter pageSize = CONTRACT.getComponents().getParameters().get("PageSize");
        assertThat(pageSize.getSchema().getMinimum()).isEqualTo(BigDecimal.ONE);
        assertThat(pageSize.getSchema().getMaximum()).isEqualTo(BigDecimal.valueOf(Limits.MAX_PAGE_SIZE));
        assertThat(pageSize.getSchema().getDefault()).isEqualTo(Limits.DEFAULT_PAGE_SIZE);
        assertThat(field("LockPage", "locks").getMaxItems()).isEqualTo(Limits.MAX_PAGE_SIZE);
        assertThat(field("GrantPage", "grants").getMaxItems()).isEqualTo(Limits.MAX_PAGE_SIZE);
    }

    @Test
    void theListOfWaitersIsBounded() {
        assertThat(field("WaiterList", "waiters").getMaxItems()).isEqualTo(Limits.MAX_LISTED_WAITERS);
    }

    @Test
    void theContractSaysHowLongAPlaceIsKept() {
        assertThat(CONTRACT.getPaths()
                        .get("/v1/locks/{streamId}/acquire")
                        .getPost()
                        .getDescription())
                .contains("the place is kept for " + Limits.PLACE_KEPT.toSeconds() + " s");
        assertThat(CONTRACT.getPaths().get("/v1/batch/acquire").getPost().getDescription())
                .contains("for " + Limits.PLACE_KEPT.toSeconds() + " s");
    }

    /** The functions of the queues contain the time that a place is kept as a literal. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "../db/migration/V5__queues.sql",
                "../db/migration/V7__reads_of_queues.sql",
                "src/main/java/io/streamlocks/coordinator/lock/postgres/QueueSql.java"
            })
    void theDatabaseKeepsAPlaceForAsLong(String file) throws IOException {
        assertThat(Pattern.compile("interval '(\\d+) seconds'")
                        .matcher(Files.readString(Path.of(file)))
                        .results()
                        .map(found -> Duration.ofSeconds(Long.parseLong(found.group(1)))))
                .isNotEmpty()
                .containsOnly(Limits.PLACE_KEPT);
    }

    @Test
    void aStreamIsNotForgottenWhileABreakClosesIt() {
        assertThat(Limits.MAX_BREAK_DELAY).isLessThanOrEqualTo(Limits.MIN_TOMBSTONE_RETENTION);
    }
}
