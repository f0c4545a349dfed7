package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;

/**
 * The leases of a registry without a group: it acquires the stream of each event, and waits for the streams that other
 * workers have. This class is thread-safe.
 */
final class SingleLeases implements LeaseSource {

    private final StreamLockClient client;
    private final AwaitedStreams awaited;

    SingleLeases(StreamLockClient client, AwaitedStreams awaited) {
        this.client = client;
        this.awaited = awaited;
    }

    @Override
    public void prepare(Collection<String> streamIds, Duration time) {
        // Each event is a call of its own.
    }

    @Override
    public boolean offers(String streamId) {
        return !awaited.isQueued(streamId);
    }

    @Override
    public Optional<HeldLease> acquire(String streamId) {
        return awaited.take(streamId).or(() -> client.tryAcquire(streamId));
    }

    @Override
    public void want(Collection<String> streamIds, Duration time) {
        awaited.want(streamIds, time);
    }

    @Override
    public void close() {
        awaited.close();
    }
}
