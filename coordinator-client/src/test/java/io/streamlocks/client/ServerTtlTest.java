package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases of a client that sets no ttl have the length that the server chooses. */
@Timeout(60)
@Tag("slow")
class ServerTtlTest {

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final ProxiedClient.Heard heard = new ProxiedClient.Heard();
    private final String streamId = "orders/" + UUID.randomUUID();
    private HttpServer server;

    private URI start(Duration defaultTtl) {
        Gate gate = new Gate();
        gate.open();
        server = new HttpServer(storage, gate, defaultTtl, Duration.ofDays(1));
        return URI.create("http://127.0.0.1:" + server.start("127.0.0.1", 0));
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    /** The shortest comes last. The first call loads the classes, which may take longer than a second. */
    @ParameterizedTest
    @ValueSource(ints = {120, 5, 1})
    void theServerChoosesTheLength(int seconds) {
        Duration length = Duration.ofSeconds(seconds);
        URI uri = start(length);
        try (StreamLockClient client = StreamLockClient.builder(uri).build()) {
            HeldLease lease = client.tryAcquire(streamId).orElseThrow();
            assertThat(storage.acquires().get(0).get(0).ttl()).isEqualTo(length);
            // A tenth of the length is margin.
            assertThat(lease.safeFor())
                    .isLessThanOrEqualTo(length.multipliedBy(9).dividedBy(10));
            assertThat(lease.life().shortestLength()).isEqualTo(length);
        }
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void aLongLeaseIsSafeForLongWithoutARenewal() {
        URI uri = start(Duration.ofSeconds(120));
        try (StreamLockClient client = StreamLockClient.builder(uri).build()) {
            HeldLease lease = client.tryAcquire(streamId).orElseThrow();
            assertThat(lease.safeFor()).isGreaterThan(Duration.ofSeconds(30));
        }
        assertThat(storage.renews()).isEmpty();
    }

    @Test
    void aShortLeaseIsRenewedBeforeItEnds() {
        Duration length = Duration.ofSeconds(2);
        try (StreamLockClient client =
                StreamLockClient.builder(start(length)).listener(heard).build()) {
            livesPast(length, client.tryAcquire(streamId).orElseThrow());
        }
    }

    @Test
    void aShortLeaseIsRenewedBeforeItEndsEvenIfTheHeartbeatIsSetForLongerOnes() {
        Duration length = Duration.ofSeconds(2);
        try (StreamLockClient client = StreamLockClient.builder(start(length))
                .heartbeatInterval(Duration.ofSeconds(10))
                .listener(heard)
                .build()) {
            livesPast(length, client.tryAcquire(streamId).orElseThrow());
        }
    }

    private void livesPast(Duration length, HeldLease lease) {
        Instant firstEnd = storage.find(streamId).orElseThrow().expiresAt();
        await().until(() -> storage.find(streamId)
                .filter(lock -> lock.expiresAt().isAfter(firstEnd.plus(length.multipliedBy(2))))
                .isPresent());
        assertThat(storage.find(streamId).orElseThrow().fencingToken()).isEqualTo(lease.fencingToken());
        assertThat(heard.lost).isEmpty();
    }

    /** With the time-out for longer leases the first renewal would hang until the lease is lost. */
    @Test
    void aRenewalThatHangsIsGivenUpInTimeForAnother() {
        URI uri = start(Duration.ofSeconds(4));
        try (TestProxy proxy = new TestProxy(uri);
                StreamLockClient client =
                        StreamLockClient.builder(proxy.uri()).listener(heard).build()) {
            HeldLease lease = client.tryAcquire(streamId).orElseThrow();
            proxy.blackHole();
            await().until(() -> !heard.renewalUnknown.isEmpty());
            long safeUntil = lease.safeUntilNanos();
            proxy.pass();
            await().until(() -> lease.safeUntilNanos() - safeUntil > 0);
            assertThat(heard.lost).isEmpty();
        }
    }
}
