package io.streamlocks.bench;

import java.util.List;

/**
 * The result of one measured run.
 *
 * @param perSecond the number of leases per second that were acquired and released, or renewed
 * @param p50Ms the median time of a cycle or call
 * @param p99Ms the 99th percentile of this time
 * @param acquireP50Ms the median time of the acquire in a cycle; 0 if there is none
 * @param acquireP99Ms the 99th percentile of this time
 * @param held how often another worker held the stream
 * @param errors the number of errors
 * @param messages the messages of the first errors
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

    /** Returns the result of a run that could not begin. */
    static Sample failed(Exception e) {
        return new Sample(0, 0, 0, 0, 0, 0, 1, List.of(e.toString()));
    }
}
