package io.streamlocks.client;

import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A client whose network a test can break, and the events of its listener. The client's threads run on real time, with
 * a ttl of 2 s, of which a tenth is margin.
 */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
abstract class ProxiedClient {

    static final Duration TTL = Duration.ofSeconds(2);

    final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    final TestServer server = new TestServer(storage);
    final TestProxy proxy = new TestProxy(server.uri());
    final Heard heard = new Heard();
    final List<StreamLockClient> clients = new ArrayList<>();
    final StreamLockClient client = client(builder());
    final ExecutorService threads = Executors.newCachedThreadPool();
    final String streamId = "orders/" + UUID.randomUUID();

    /** The events of the listener. */
    static final class Heard implements StreamLockListener {
        final List<LeaseLoss> lost = new CopyOnWriteArrayList<>();
        final List<String> released = new CopyOnWriteArrayList<>();
        final List<String> releaseUnknown = new CopyOnWriteArrayList<>();
        final List<Integer> renewed = new CopyOnWriteArrayList<>();
        final List<RuntimeException> renewalUnknown = new CopyOnWriteArrayList<>();

        @Override
        public void lost(LeaseLoss loss) {
            lost.add(loss);
        }

        @Override
        public void released(String stream) {
            released.add(stream);
        }

        @Override
        public void releaseUnknown(String stream, RuntimeException cause) {
            releaseUnknown.add(stream);
        }

        @Override
        public void renewed(int leases, Duration took) {
            renewed.add(leases);
        }

        @Override
        public void renewalUnknown(int leases, RuntimeException cause) {
            renewalUnknown.add(cause);
        }
    }

    StreamLockClient.Builder builder() {
        return StreamLockClient.builder(proxy.uri()).ttl(TTL).listener(heard);
    }

    StreamLockClient client(StreamLockClient.Builder builder) {
        StreamLockClient built = builder.build();
        clients.add(built);
        return built;
    }

    /** Returns another worker, whose network always works. */
    StreamLockClient other() {
        return client(StreamLockClient.builder(server.uri()).ttl(TTL));
    }

    HeldLease acquire() {
        return client.tryAcquire(streamId).orElseThrow();
    }

    @AfterEach
    void stop() {
        proxy.pass();
        storage.setAway(false);
        clients.forEach(StreamLockClient::close);
        threads.shutdownNow();
        proxy.close();
        server.close();
    }
}
