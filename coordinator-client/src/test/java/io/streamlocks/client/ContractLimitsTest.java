package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The client keeps the bounds of the contract, and no others. */
class ContractLimitsTest {

    private final String contract;

    ContractLimitsTest() throws IOException {
        contract = Files.readString(Path.of("../openapi.yaml"));
    }

    /** Returns the text of a schema or response, which ends where the next one begins. */
    private String component(String name) {
        Matcher block = Pattern.compile("^    " + name + ":\\n((?: {5,}.*\\n|\\n)+)", Pattern.MULTILINE)
                .matcher(contract);
        assertThat(block.find()).as(name).isTrue();
        return block.group(1);
    }

    private static List<Long> numbers(String text, String keyword) {
        return Pattern.compile("\\b" + keyword + ": ([0-9]+)")
                .matcher(text)
                .results()
                .map((MatchResult number) -> Long.valueOf(number.group(1)))
                .toList();
    }

    @Test
    void theLongestStreamIdIsThatOfTheContract() {
        assertThat(numbers(component("StreamId"), "maxLength"))
                .containsExactly((long) ContractLimits.MAX_STREAM_ID_LENGTH);
    }

    @Test
    void theLengthsOfLeasesAreThoseOfTheContract() {
        String ttl = component("TtlMs");
        assertThat(numbers(ttl, "minimum")).containsExactly(ContractLimits.MIN_TTL.toMillis());
        assertThat(numbers(ttl, "maximum")).containsExactly(ContractLimits.MAX_TTL.toMillis());
        assertThat(ContractLimits.MAX_TTL).isEqualTo(Duration.ofDays(1));
    }

    @Test
    void theLabelsAreThoseOfTheContract() {
        String labels = component("Labels");
        assertThat(numbers(labels, "maxProperties")).containsExactly((long) ContractLimits.MAX_LABELS);
        assertThat(numbers(labels, "maxLength")).containsExactly((long) ContractLimits.MAX_LABEL_VALUE_LENGTH);
        assertThat(labels).contains("names of 1 to " + ContractLimits.MAX_LABEL_NAME_LENGTH);
    }

    @Test
    void theLongestCallOfAWaiterIsWithinTheContract() {
        assertThat(numbers(component("WaitMs"), "maximum"))
                .hasSize(1)
                .allMatch(most -> Waiter.LONGEST_CALL.toMillis() <= most);
    }

    @Test
    void theLargestBatchIsThatOfTheContract() {
        for (String batch : List.of("BatchAcquireRequest", "BatchRenewRequest", "BatchReleaseRequest")) {
            assertThat(numbers(component(batch), "maxItems")).as(batch).containsExactly((long)
                    ContractLimits.MAX_BATCH);
        }
    }

    @Test
    void theLargestBodyOfABatchIsThatOfTheContract() {
        assertThat(ContractLimits.MAX_BATCH_BYTES % (1024 * 1024)).isZero();
        assertThat(component("BodyTooLarge"))
                .contains("over " + ContractLimits.MAX_BATCH_BYTES / 1024 / 1024 + " MiB in a batch");
    }
}
