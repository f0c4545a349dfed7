package io.streamlocks.bench;

import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Workers that wait for a few streams, hold one for a moment and release it to the next worker. The measured time is
 * that from the release call to the next grant.
 */
final class HandOvers implements Workload {

    /** The number of workers for each stream. One of them holds it. */
    static final int WORKERS_PER_STREAM = 8;

    private static final int HOLD_MS = 5;

    private final Queues queues;
    private final AtomicLongArray releasedNanos;

    /** A run that was interrupted may leave leases behind, so each run has streams of its own. */
    private final String prefix = "handover-" + UUID.randomUUID() + "-";

    HandOvers(Queues queues, int workers) {
        this.queues = queues;
        this.releasedNanos = new AtomicLongArray(Math.max(1, workers / WORKERS_PER_STREAM));
    }

    @Override
    public int once(int worker, Lap lap) throws Exception {
        int stream = worker % releasedNanos.length();
        Locks.Held held = queues.acquire(worker, prefix + stream);
        lap.acquired();
        long released = releasedNanos.get(stream);
        if (released != 0) {
            lap.measured(System.nanoTime() - released);
        }
        TimeUnit.MILLISECONDS.sleep(HOLD_MS);
        releasedNanos.set(stream, System.nanoTime());
        held.release();
        return 1;
    }

    @Override
    public void close() {
        queues.close();
    }
}
