package io.streamlocks.proof.abuse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What no caller may bring about. */
final class AbuseRules {

    private static final double MOST_LOG_BYTES_PER_MINUTE = 1_000_000;

    /** So many of the lost leases are named. */
    private static final int SHOWN = 3;

    private AbuseRules() {}

    /**
     * What was violated, in words; empty if nothing was.
     *
     * @param mostP99 how long 99 of 100 renewals take at most
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
            violations.add("no renewal was answered");
        } else if (seen.percentile(0.99) >= mostP99.toMillis()) {
            violations.add(String.format(Locale.ROOT, "p99 of renewals was %.0f ms", seen.percentile(0.99)));
        }
        if (!seen.failedProbes().isEmpty()) {
            violations.add("health checks failed: " + seen.failedProbes());
        }
        if (seen.logBytesPerMinute() >= MOST_LOG_BYTES_PER_MINUTE) {
            violations.add(String.format(
                    Locale.ROOT, "the log grew by %.1f MB a minute", seen.logBytesPerMinute() / 1_000_000));
        }
        if (seen.log().stackFrames() > 0) {
            violations.add("the log has stack traces, of " + seen.log().stackFrames() + " lines");
        }
        if (seen.log().unescaped() > 0) {
            violations.add("control or format characters are in " + seen.log().unescaped() + " lines of the log");
        }
        return violations;
    }
}
