package io.streamlocks.proof.abuse;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What was seen while a caller attacked.
 *
 * @param lost the victims' leases that were lost, with how
 * @param renewalMs how long each renewal of a lease took, from when it was due until it was answered, in ms
 * @param failedProbes how many health checks failed, by what was wrong
 * @param log what the server wrote
 * @param seconds for how long
 * @param isAlive whether the server's process still ran in the end
 */
record Observation(
        List<String> lost,
        List<Double> renewalMs,
        Map<String, Integer> failedProbes,
        ServerLog.Growth log,
        Duration seconds,
        boolean isAlive) {

    /** The time that this part of the renewals did not exceed, in ms; 0 if there was none. */
    double percentile(double part) {
        List<Double> sorted = renewalMs.stream().sorted().toList();
        return sorted.isEmpty() ? 0 : sorted.get((int) Math.ceil(part * sorted.size()) - 1);
    }

    int countOfFailedProbes() {
        return failedProbes.values().stream().mapToInt(Integer::intValue).sum();
    }

    double logBytesPerMinute() {
        return log.bytes() * 60_000.0 / seconds.toMillis();
    }
}
