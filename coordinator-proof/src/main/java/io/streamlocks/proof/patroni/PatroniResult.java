package io.streamlocks.proof.patroni;

import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.check.Violation;
import io.streamlocks.proof.history.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The result of a part.
 *
 * @param part the part
 * @param failOvers the fail-overs
 * @param held the number of leases that the Java client held for the whole part
 * @param lost how many of these were lost
 * @param anomalies the failures that were not caused on purpose
 * @param check the result of the checker
 */
record PatroniResult(
        PatroniPart part, List<FailOver> failOvers, int held, int lost, List<String> anomalies, Check check) {

    /** How soon each coordinator must grant leases after a promotion. */
    private static final double RESUME_SECONDS = 2;

    /** A lease of 30 s was renewed up to 10 s before the database is away, and is safe until 3 s before its end. */
    private static final double SURVIVED_SECONDS = 15;

    /** Returns the violations that the loss of commits does not explain, where commits may be lost. */
    List<Violation> violations() {
        return part.mayLoseCommits() ? check.violationsDespiteLostCommits() : check.violations();
    }

    /**
     * Returns what is not good enough. Returns an empty list if everything is.
     *
     * @param judgesTimes whether a slow recovery is a failure. The short form may run on a busy machine
     */
    List<String> failures(boolean judgesTimes) {
        List<String> failures = new ArrayList<>();
        if (!violations().isEmpty()) {
            failures.add(part.name() + ": " + violations().size() + " violations");
        }
        anomalies.forEach(anomaly -> failures.add(part.name() + ": " + anomaly));
        if (part.failOvers().contains(FailOverClass.LAGGING) && check.lostGrants() == 0) {
            failures.add(part.name() + ": the promoted standbys lacked no grant, so this part proves nothing");
        }
        int inFailOvers = failOvers.stream().mapToInt(FailOver::lostLeases).sum();
        if (!part.mayLoseCommits() && lost > inFailOvers) {
            failures.add(part.name() + ": " + (lost - inFailOvers) + " leases of 30 s were lost between fail-overs");
        }
        for (FailOver failOver : failOvers) {
            if (!part.mayLoseCommits() && failOver.lostLeases() > 0 && failOver.longestPause() < SURVIVED_SECONDS) {
                failures.add(String.format(
                        Locale.ROOT,
                        "%s: %d leases of 30 s were lost in a pause of %.1f s (%s)",
                        part.name(),
                        failOver.lostLeases(),
                        failOver.longestPause(),
                        failOver.fault().what()));
            }
            if (judgesTimes && failOver.untilAllGrant() > RESUME_SECONDS) {
                failures.add(String.format(
                        Locale.ROOT,
                        "%s: a coordinator granted its first lease %.2f s after the promotion (%s)",
                        part.name(),
                        failOver.untilAllGrant(),
                        failOver.fault().what()));
            }
        }
        return failures;
    }

    /** Returns the faults for the checker. */
    static List<Fault> faults(List<FailOver> failOvers) {
        return failOvers.stream().map(FailOver::fault).toList();
    }
}
