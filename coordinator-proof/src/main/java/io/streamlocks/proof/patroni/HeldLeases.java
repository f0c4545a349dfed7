package io.streamlocks.proof.patroni;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.proof.process.CoordinatorNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Leases of 30 s that the Java client holds for the whole run, half of them at each coordinator. */
final class HeldLeases implements AutoCloseable {

    /** The number of leases at each coordinator. */
    private static final int LEASES = 50;

    private static final Duration TTL = Duration.ofSeconds(30);

    /** A coordinator that has just started may be overloaded for a moment. */
    private static final Duration START = Duration.ofMinutes(1);

    private final List<StreamLockClient> clients = new ArrayList<>();
    private final List<HeldLease> leases = new ArrayList<>();

    /**
     * Acquires the leases. Blocks until it has them, for a minute each at most.
     *
     * @param prefix the prefix of their streams
     * @throws IOException if a stream is not free
     */
    HeldLeases(List<CoordinatorNode> coordinators, String prefix) throws IOException {
        for (CoordinatorNode coordinator : coordinators) {
            StreamLockClient client = StreamLockClient.builder(URI.create("http://127.0.0.1:" + coordinator.port()))
                    .ttl(TTL)
                    .acquireTimeout(START)
                    .build();
            clients.add(client);
            for (int i = 0; i < LEASES; i++) {
                String stream = prefix + coordinator.process().name() + "-" + i;
                HeldLease lease = client.tryAcquire(stream).orElseThrow(() -> new IOException(stream + " is not free"));
                lease.onLost(loss -> System.out.println("  lost " + loss.streamId() + ": " + loss.reason()));
                leases.add(lease);
            }
        }
    }

    int count() {
        return leases.size();
    }

    /** Returns how many leases are lost. */
    int lost() {
        return (int) leases.stream()
                .filter(lease -> lease.loss().isPresent() || !lease.isSafe())
                .count();
    }

    /** Releases the leases. */
    @Override
    public void close() {
        clients.forEach(StreamLockClient::close);
    }
}
