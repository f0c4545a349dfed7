package io.streamlocks.testkit;

import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A coordinator for the tests of workers. It runs in this JVM on a free port of the loopback interface, keeps its
 * leases in memory, and has a clock that a test can move. It speaks HTTP like any other coordinator, so a worker under
 * test differs from production only in the address.
 *
 * <p>As the extension of a JUnit test ({@code @RegisterExtension}), it stops by itself: in a static field after the
 * class, and in an instance field after each test. It has started when the field has its value. This class is
 * thread-safe.
 */
public final class InProcessCoordinator
        implements AutoCloseable, BeforeAllCallback, AfterEachCallback, AfterAllCallback {

    private final AtomicReference<Duration> advanced = new AtomicReference<>(Duration.ZERO);
    private final Gate gate = new Gate();
    private final HttpServer server;
    private final URI uri;

    /** The classes of tests that have begun with this as their extension; several, if a class has nested ones. */
    private final AtomicInteger classes = new AtomicInteger();

    /** Starts a coordinator. This blocks until the coordinator takes calls. */
    public InProcessCoordinator() {
        MonotonicClock monotonic = new MonotonicClock();
        InstantSource clock = () -> monotonic.instant().plus(advanced.get());
        gate.open();
        this.server = new HttpServer(new MemoryLockManager(clock, true), gate, Limits.DEFAULT_TTL, Limits.MAX_TTL);
        this.uri = URI.create("http://127.0.0.1:" + server.start("127.0.0.1", 0));
    }

    /** Returns the base URI for workers. */
    public URI uri() {
        return uri;
    }

    /**
     * Lets time pass for the coordinator, and not for its workers. Leases that have less time left than this expire.
     * Their holders get that response at their next renewal, as after a pause of the worker.
     *
     * @param by the time to pass, not negative
     * @throws IllegalArgumentException if the time is negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("Time does not go back");
        }
        advanced.updateAndGet(before -> before.plus(by));
    }

    /** Stops the coordinator within 5 s. Its leases are gone. */
    @Override
    public void close() {
        // This ends the calls that wait for streams.
        gate.drain(Duration.ZERO);
        server.stop();
    }

    /** JUnit calls this if the coordinator is in a static field. */
    @Override
    public void beforeAll(ExtensionContext context) {
        classes.incrementAndGet();
    }

    /** JUnit calls this after each test. */
    @Override
    public void afterEach(ExtensionContext context) {
        if (classes.get() == 0) {
            close();
        }
    }

    /** JUnit calls this if the coordinator is in a static field. */
    @Override
    public void afterAll(ExtensionContext context) {
        if (classes.decrementAndGet() == 0) {
            close();
        }
    }
}
