package io.streamlocks.proof.faults;

import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.check.RunInfo;
import io.streamlocks.proof.history.Fault;
import java.util.List;

/**
 * The result of a run.
 *
 * @param name the name of the run
 * @param seed the seed of its faults
 * @param info the time of the run
 * @param faults the faults that were injected
 * @param anomalies the failures that were not injected
 * @param check the result of the checker
 */
record RunResult(String name, long seed, RunInfo info, List<Fault> faults, List<String> anomalies, Check check) {

    /** Returns whether no promise was broken and no process failed by itself. */
    boolean isWell() {
        return check.violations().isEmpty() && anomalies.isEmpty();
    }
}
