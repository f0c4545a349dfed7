package io.streamlocks.client;

import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.lock.LockManager;
import java.net.URI;
import java.time.Duration;

/** A real server on loopback, on any backend, and a client of it. */
public final class TestServer implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Gate gate = new Gate();
    private final HttpServer server;
    private final CoordinatorHttp http;
    private final LockManager locks;
    private final URI uri;

    public TestServer(LockManager storage) {
        gate.open();
        server = new HttpServer(storage, gate, Duration.ofSeconds(30), Duration.ofDays(1));
        uri = URI.create("http://127.0.0.1:" + server.start("127.0.0.1", 0));
        // The default time-outs are too short for a busy test machine.
        http = CoordinatorHttp.connect(uri, TIMEOUT, TIMEOUT);
        locks = new ClientLockManager(http, storage);
    }

    /** Returns where the server listens. */
    public URI uri() {
        return uri;
    }

    /** Returns the server's leases, through the generated client. */
    LockManager locks() {
        return locks;
    }

    @Override
    public void close() {
        http.close();
        // A server that stops without this waits for the calls that wait for streams.
        gate.drain(Duration.ZERO);
        server.stop();
    }
}
