package io.streamlocks.bench;

import java.util.List;

/**
 * What one measured run came to.
 *
 * @param perSecond how many leases, acquired and released or renewed
 * @param p50Ms the median time of what a worker does once
 * @param p99Ms its 99th percentile
 * @param acquireP50Ms the median time of the acquire in it; 0 if there is none
 * @param acquireP99Ms its 99th percentile
 * @param held how often the stream was held
 * @param errors how often anything failed
 * @param messages of the first errors
 */
record Sample(
        double perSecond,
        double p50Ms,
        double p99Ms,
        double acquireP50Ms,
        double acquireP99Ms,
        long held,
        long errors,
        List<String> messages) {

    /** A run that could not begin. */
    static Sample failed(Exception e) {
        return new Sample(0, 0, 0, 0, 0, 0, 1, List.of(e.toString()));
    }
}
