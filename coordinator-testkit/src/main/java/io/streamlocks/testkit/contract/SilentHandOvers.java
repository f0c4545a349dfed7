package io.streamlocks.testkit.contract;

import io.streamlocks.coordinator.lock.HandOvers;

/** Reports no hand-over, as a backend behind a pooler that drops notifications. */
public final class SilentHandOvers implements HandOvers {

    @Override
    public void listen(Listener listener) {
        // There is nothing to report.
    }

    @Override
    public boolean areReported() {
        return false;
    }

    @Override
    public void close() {
        // There is nothing to end.
    }
}
