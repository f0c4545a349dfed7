package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.HandOvers;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The reports of hand-overs to one life of a server. A report comes late, or never. */
final class Reports implements HandOvers {

    private static final long LATEST = TimeUnit.MILLISECONDS.toNanos(5);

    private final Scheduler scheduler;
    private final SimulatedStorage storage;
    private final Set<String> reported = new HashSet<>();
    private Listener listener;
    private boolean closed;

    Reports(Scheduler scheduler, SimulatedStorage storage) {
        this.scheduler = scheduler;
        this.storage = storage;
    }

    /** Reports a hand-over, if the report is not lost. */
    void report(String streamId, long fencingToken) {
        if (storage.isReportLost()) {
            return;
        }
        long nanos = (long) (LATEST * scheduler.random().nextDouble()) + storage.reportDelay();
        scheduler.after(nanos, "report", () -> {
            if (listener != null && !closed) {
                reported.add(streamId);
                listener.handedOver(streamId, fencingToken);
            }
        });
    }

    /** Returns whether there was a report of a stream since this was asked last. */
    boolean isReported(String streamId) {
        return reported.remove(streamId);
    }

    /** Informs the server that reports may have been lost, as a new connection to the database does. */
    void mayBeLost() {
        if (listener != null && !closed) {
            listener.reportsLost();
        }
    }

    @Override
    public void listen(Listener informed) {
        listener = informed;
    }

    @Override
    public boolean areReported() {
        return storage.areReported();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
    }
}
