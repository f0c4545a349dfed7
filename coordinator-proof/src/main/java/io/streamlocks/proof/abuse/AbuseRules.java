package io.streamlocks.proof.abuse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Checks that one caller does not harm the others. */
final class AbuseRules {

    private static final double MOST_LOG_BYTES_PER_MINUTE = 1_000_000;

    /** The number of lost leases that a violation names. */
    private static final int SHOWN = 3;

    private AbuseRules() {}

    /**
     * Returns the violations as text. Returns an empty list if there is none.
     *
     * @param mostP99 the limit for the p99 of renewals
     */
    static List<String> violations(Observation seen, Duration mostP99) {
        List<String> violations = new ArrayList<>();
        if (!seen.isAlive()) {
            violations.add("the process ended");
        }
        if (!seen.lost().isEmpty()) {
            violations.add(seen.lost().size() + " leases were lost: "
                    + String.join(
                            "; ",
                            seen.lost().subList(0, Math.min(SHOWN, seen.lost().size()))));
        }
        if (seen.renewalMs().isEmpty()) {
            violations.add("no renewal had a result");
        } else if (seen.percentile(0.99) >= mostP99.toMillis()) {
            violations.add(String.format(Locale.ROOT, "p99 of renewals was %.0f ms", seen.percentile(0.99)));
        }
        if (!seen.failedProbes().isEmpty()) {
            violations.add("health checks failed: " + seen.failedProbes());
        }
        if (seen.logBytesPerMinute() >= MOST_LOG_BYTES_PER_MINUTE) {
            violations.add(String.format(
                    Locale.ROOT, "the log grew by %.1f MB per minute", seen.logBytesPerMinute() / 1_000_000));
        }
        if (seen.log().stackFrames() > 0) {
            violations.add("the log has " + seen.log().stackFrames() + " lines of stack traces");
        }
        if (seen.log().unescaped() > 0) {
            violations.add(seen.log().unescaped() + " lines of the log contain control or format characters");
        }
        return violations;
    }
}
