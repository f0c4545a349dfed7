package io.streamlocks.testkit;

import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A coordinator for the tests of workers: in this process, on a free port of the loopback interface, with its leases in
 * memory and a clock that a test can move on. It speaks HTTP as any other, so a worker under test is set up as in
 * production but for the address.
 *
 * <p>Thread-safe.
 */
public final class InProcessCoordinator implements AutoCloseable {

    private static final Duration DEFAULT_TTL = Duration.ofSeconds(30);
    private static final Duration MAX_TTL = Duration.ofDays(1);

    private final AtomicReference<Duration> advanced = new AtomicReference<>(Duration.ZERO);
    private final HttpServer server;
    private final URI uri;

    /** Starts one. Returns once it takes calls. */
    public InProcessCoordinator() {
        MonotonicClock monotonic = new MonotonicClock();
        InstantSource clock = () -> monotonic.instant().plus(advanced.get());
        Gate gate = new Gate();
        gate.open();
        this.server = new HttpServer(new MemoryLockManager(clock, true), gate, DEFAULT_TTL, MAX_TTL);
        this.uri = URI.create("http://127.0.0.1:" + server.start("127.0.0.1", 0));
    }

    /** Where workers find it. */
    public URI uri() {
        return uri;
    }

    /**
     * Lets time pass for the coordinator, and not for its workers: leases that have less left than this run out, and
     * their holders hear of it at their next renewal, as they would after a pause.
     *
     * @param by how much, not negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("Time does not go back");
        }
        advanced.updateAndGet(before -> before.plus(by));
    }

    /** Stops it, within 5 s. Its leases are gone. */
    @Override
    public void close() {
        server.stop();
    }
}
