package io.streamlocks.bench;

/** The action that workers repeat while they are measured. Each worker may call it from a thread of its own. */
interface Workload extends AutoCloseable {

    /**
     * Runs the action once.
     *
     * @param worker the number of the worker, from 0
     * @param lap receives the time of the acquire, if there is one
     * @return the number of leases; 0 if another worker held the stream, which counts for nothing
     */
    int once(int worker, Lap lap) throws Exception;

    /** Returns the number of failures that no call reported, such as a release that is repeated in the background. */
    default long failures() {
        return 0;
    }

    @Override
    void close();

    /** Receives the times of parts of an action. */
    final class Lap {

        private long acquiredNanos;
        private long measuredNanos;

        /** Replaces the time of the whole action by a time that the workload has measured. */
        void measured(long nanos) {
            measuredNanos = nanos;
        }

        long whole(long beganNanos, long endedNanos) {
            return measuredNanos == 0 ? endedNanos - beganNanos : measuredNanos;
        }

        void acquired() {
            acquiredNanos = System.nanoTime();
        }

        void start() {
            acquiredNanos = 0;
            measuredNanos = 0;
        }

        boolean isAcquired() {
            return acquiredNanos != 0;
        }

        long since(long beganNanos) {
            return acquiredNanos - beganNanos;
        }
    }
}
