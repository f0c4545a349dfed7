package io.streamlocks.proof.faults;

import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.check.RunInfo;
import io.streamlocks.proof.history.Fault;
import java.util.List;

/**
 * What came of a run.
 *
 * @param name of the run
 * @param seed of its faults
 * @param info when it was
 * @param faults what was injected
 * @param anomalies what went wrong and was not injected
 * @param check what the checker says
 */
record RunResult(String name, long seed, RunInfo info, List<Fault> faults, List<String> anomalies, Check check) {

    /** Whether no promise was broken, and nothing ended by itself. */
    boolean isWell() {
        return check.violations().isEmpty() && anomalies.isEmpty();
    }
}
