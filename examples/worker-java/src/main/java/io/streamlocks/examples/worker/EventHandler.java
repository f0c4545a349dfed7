package io.streamlocks.examples.worker;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.session.SessionHandler;
import io.streamlocks.examples.worker.StreamApiClient.Event;
import java.io.IOException;
import java.time.Duration;

/** Processes and publishes the events of one stream, as long as its lease is held. */
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
        // Read under the lease. What was known before may be what its last holder has done since.
        this.position = api.open(lease.streamId(), lease.fencingToken());
    }

    @Override
    public void handle(Event event) throws IOException, InterruptedException {
        // The source serves an event until it is accepted, so most come more than once, and one that found no room
        // comes after its followers.
        if (event.number() != position + 1) {
            return;
        }
        Thread.sleep(work.toMillis()); // Stands for the work. A lost lease interrupts it.
        lease.requireSafe();
        // Whatever happens between the check and the effect is why the token goes with the effect.
        suspension.perhaps();
        api.publish(event, lease.fencingToken());
        position = event.number();
    }
}
