package io.streamlocks.proof.patroni;

import io.streamlocks.proof.history.Fault;
import java.util.List;

/**
 * A fail-over and its times in seconds.
 *
 * @param kind the kind
 * @param fault the same for the checker
 * @param untilPromoted from the beginning until a standby left recovery
 * @param untilGrants from then until each coordinator granted a lease, in the order of the coordinators
 * @param longestPause the longest time without a grant at one of the coordinators
 * @param lostLeases how many of the held leases were lost meanwhile
 */
record FailOver(
        FailOverClass kind,
        Fault fault,
        double untilPromoted,
        List<Double> untilGrants,
        double longestPause,
        int lostLeases) {

    /** Returns the time until all coordinators granted leases again. */
    double untilAllGrant() {
        return untilGrants.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    }
}
