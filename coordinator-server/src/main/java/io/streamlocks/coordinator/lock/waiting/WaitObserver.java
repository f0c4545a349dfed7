package io.streamlocks.coordinator.lock.waiting;

import java.util.function.IntSupplier;

/** Is informed of the calls that wait. Implementations are thread-safe. Their methods are quick and do not throw. */
public interface WaitObserver {

    /** Ignores everything. */
    WaitObserver NONE = new WaitObserver() {
        @Override
        public void showWaiters(IntSupplier waiters, IntSupplier notified) {
            // It is ignored.
        }

        @Override
        public void granted(long nanos) {
            // It is ignored.
        }

        @Override
        public void notGranted(long nanos) {
            // It is ignored.
        }

        @Override
        public void placesLost(int places) {
            // It is ignored.
        }

        @Override
        public void failed(String what, RuntimeException failure) {
            // It is ignored.
        }
    };

    /**
     * Shows how many requests wait now.
     *
     * @param waiters returns their number
     * @param notified returns 1 while the storage reports hand-overs at once, and 0 while it does not
     */
    void showWaiters(IntSupplier waiters, IntSupplier notified);

    /** Reports that a request was granted after it had waited for so long. */
    void granted(long nanos);

    /** Reports that a request was given up after it had waited for so long. */
    void notGranted(long nanos);

    /** Reports that so many requests had lost their places, so that their calls end. */
    void placesLost(int places);

    /**
     * Reports that the work for waiting calls failed. It is tried again.
     *
     * @param what the work, to complete "Failed to"
     */
    void failed(String what, RuntimeException failure);
}
