package io.streamlocks.bench;

import java.io.IOException;
import java.net.URI;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Leases of the coordinator, over plain HTTP with a connection for each worker. */
final class CoordinatorQueues implements Queues {

    /** How long a worker that polls pauses after a refusal. */
    private static final int PAUSE_MS = 20;

    private final PlainCalls calls;
    private final boolean polls;

    private CoordinatorQueues(URI uri, int workers, boolean polls) {
        this.calls = new PlainCalls(uri, workers);
        this.polls = polls;
    }

    /** Waits with the acquire. */
    static Queues waiting(URI uri, int workers) {
        return new CoordinatorQueues(uri, workers, false);
    }

    /** Repeats an acquire that does not wait. */
    static Queues polling(URI uri, int workers) {
        return new CoordinatorQueues(uri, workers, true);
    }

    @Override
    public Locks.Held acquire(int worker, String streamId) throws IOException, InterruptedException {
        UUID leaseId = UUID.randomUUID();
        String ownerId = "worker-" + worker;
        if (polls) {
            while (!calls.tryAcquire(streamId, ownerId, leaseId)) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
            }
        } else {
            calls.acquire(streamId, ownerId, leaseId);
        }
        return () -> calls.release(streamId, leaseId);
    }

    @Override
    public void close() {
        calls.close();
    }
}
