package io.streamlocks.bench;

/** What a number of workers do over and over while they are measured. Thread-safe, for one thread a worker. */
interface Workload extends AutoCloseable {

    /**
     * Does it once.
     *
     * @param worker which worker, from 0
     * @param lap to be told when the acquire is done, if there is one
     * @return how many leases came of it; 0 if the stream was held, which counts for nothing
     */
    int once(int worker, Lap lap) throws Exception;

    /** How often something failed that no call told of, as a release that is repeated in the background. */
    default long failures() {
        return 0;
    }

    @Override
    void close();

    /** The time of the first part of what a worker does. */
    final class Lap {

        private long acquiredNanos;

        void acquired() {
            acquiredNanos = System.nanoTime();
        }

        void start() {
            acquiredNanos = 0;
        }

        boolean isAcquired() {
            return acquiredNanos != 0;
        }

        long since(long beganNanos) {
            return acquiredNanos - beganNanos;
        }
    }
}
