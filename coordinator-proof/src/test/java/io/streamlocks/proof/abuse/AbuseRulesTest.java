package io.streamlocks.proof.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AbuseRulesTest {

    private static final LogGrowth QUIET = new LogGrowth(900_000, 0, 0);

    @Test
    void noViolationIfEveryRenewalAndProbeSucceedsAndTheLogIsQuiet() {
        assertThat(violations(seen(List.of(), renewals(1), Map.of(), QUIET, true)))
                .isEmpty();
    }

    @Test
    void aLostLeaseIsAViolationThatNamesSomeOfTheLeases() {
        List<String> lost = Collections.nCopies(5, "victim/a: 410 expired");

        assertThat(violations(seen(lost, renewals(1), Map.of(), QUIET, true)))
                .containsExactly(
                        "5 leases were lost: victim/a: 410 expired; victim/a: 410 expired; victim/a: 410 expired");
    }

    @Test
    void oneSlowRenewalInAHundredIsNoViolationButTwoAre() {
        assertThat(violations(seen(List.of(), renewals(1), Map.of(), QUIET, true)))
                .isEmpty();
        assertThat(violations(seen(List.of(), renewals(2), Map.of(), QUIET, true)))
                .containsExactly("p99 of renewals was 1000 ms");
    }

    @Test
    void noRenewalAtAllIsAViolation() {
        assertThat(violations(seen(List.of(), List.of(), Map.of(), QUIET, true)))
                .containsExactly("no renewal had a result");
    }

    @Test
    void aSingleFailedHealthCheckIsAViolation() {
        assertThat(violations(seen(List.of(), renewals(0), Map.of("/livez took longer than a second", 1), QUIET, true)))
                .containsExactly("health checks failed: {/livez took longer than a second=1}");
    }

    @Test
    void theEndOfTheProcessIsAViolation() {
        assertThat(violations(seen(List.of(), renewals(0), Map.of(), QUIET, false)))
                .containsExactly("the process ended");
    }

    @Test
    void growthAndStackTracesAndUnescapedCharactersOfTheLogAreViolations() {
        LogGrowth bad = new LogGrowth(500_000, 2, 1);

        assertThat(violations(seen(List.of(), renewals(0), Map.of(), bad, true)))
                .containsExactly(
                        "the log has 2 lines of stack traces",
                        "1 lines of the log contain control or format characters");
        assertThat(violations(seen(List.of(), renewals(0), Map.of(), new LogGrowth(1_000_000, 0, 0), true)))
                .containsExactly("the log grew by 1.0 MB per minute");
    }

    private static List<String> violations(Observation seen) {
        return AbuseRules.violations(seen, Duration.ofSeconds(1));
    }

    private static Observation seen(
            List<String> lost, List<Double> renewals, Map<String, Integer> probes, LogGrowth log, boolean alive) {
        return new Observation(lost, renewals, probes, log, Duration.ofSeconds(60), alive);
    }

    /** Returns a hundred renewals, some of which took a second. */
    private static List<Double> renewals(int slow) {
        return Stream.concat(Collections.nCopies(100 - slow, 10.0).stream(), Collections.nCopies(slow, 1000.0).stream())
                .toList();
    }
}
