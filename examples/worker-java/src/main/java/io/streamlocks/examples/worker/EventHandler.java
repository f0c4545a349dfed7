package io.streamlocks.examples.worker;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.session.SessionHandler;
import java.io.IOException;
import java.time.Duration;

/** Processes and publishes the events of one stream while the worker holds its lease. */
final class EventHandler implements SessionHandler<Event> {

    private final HeldLease lease;
    private final StreamApiClient api;
    private final Duration work;
    private final Suspension suspension;
    private long position;

    EventHandler(HeldLease lease, StreamApiClient api, Duration work, Suspension suspension)
            throws IOException, InterruptedException {
        this.lease = lease;
        this.api = api;
        this.work = work;
        this.suspension = suspension;
        // The position is read under the lease, because the previous holder may have published until then.
        this.position = api.open(lease.streamId(), lease.fencingToken());
    }

    @Override
    public void handle(Event event) throws IOException, InterruptedException {
        // The source returns an event until it is accepted, so most events come several times. An event that found the
        // queue full comes after its successors.
        if (event.number() != position + 1) {
            return;
        }
        Thread.sleep(work.toMillis()); // This stands for the work. A lost lease interrupts it.
        lease.requireSafe();
        // The process may be suspended between the check and the publish. So the publish contains the token.
        suspension.perhaps();
        api.publish(event, lease.fencingToken());
        position = event.number();
    }
}
