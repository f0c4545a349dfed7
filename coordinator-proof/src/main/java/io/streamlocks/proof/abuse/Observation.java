package io.streamlocks.proof.abuse;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The observations during an attack.
 *
 * @param lost the victims' leases that were lost, with the cause
 * @param renewalMs the time of each renewal of a lease in ms, from when it was due until it had a result
 * @param failedProbes the number of health checks that failed, by cause
 * @param log the growth of the server's log
 * @param seconds the length of the observation
 * @param isAlive whether the server's process still ran at the end
 */
record Observation(
        List<String> lost,
        List<Double> renewalMs,
        Map<String, Integer> failedProbes,
        LogGrowth log,
        Duration seconds,
        boolean isAlive) {

    /** Returns the time in ms that this part of the renewals did not exceed. Returns 0 if there was no renewal. */
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
