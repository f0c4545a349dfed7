package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.Guards;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.tls.PemKeyStore;
import io.streamlocks.testkit.rig.TestCertificate;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests the client against a coordinator with tokens, limits and TLS. */
@Timeout(60)
class GuardedCoordinatorTest {

    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration MAX_TTL = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final NewToken token =
            NewToken.of(new Principal("w", Role.WORKER, List.of("orders/"), ""), Optional.empty());
    private final String streamId = "orders/" + UUID.randomUUID();
    private final AtomicInteger calls = new AtomicInteger();
    private HttpServer server;

    @AfterEach
    void stop() {
        server.stop();
    }

    private URI start(Guards guards, String scheme) {
        Gate gate = new Gate();
        gate.open();
        server = new HttpServer(storage, gate, guards, TTL, MAX_TTL, Telemetry.untraced());
        return URI.create(scheme + "://localhost:" + server.start("127.0.0.1", 0));
    }

    private static StreamLockClient.Builder client(URI uri) {
        return StreamLockClient.builder(uri).ttl(TTL).requestTimeout(Duration.ofSeconds(20));
    }

    private Authenticator authenticator(Path file) throws Exception {
        return Authenticator.of(Optional.of(file), Optional.empty());
    }

    private static Guards asking(Authenticator authenticator) {
        return new Guards(
                Optional.of(authenticator), Optional.empty(), Optional.empty(), OptionalInt.empty(), Optional.empty());
    }

    @Test
    void aTokenIsSentAndWithoutOneOrBeyondItsStreamsACallIsRefusedAtOnce() throws Exception {
        Path file = Files.writeString(directory.resolve("tokens.jsonl"), token.line());
        URI uri = start(asking(authenticator(file)), "http");
        try (StreamLockClient known = client(uri).bearerToken(token.token()).build();
                StreamLockClient unknown = client(uri).build()) {
            assertThat(known.tryAcquire(streamId)).isPresent();
            assertRefused(() -> unknown.tryAcquire(streamId), 401);
            assertRefused(() -> known.tryAcquire("bills/1"), 403);
            assertThat(storage.acquires()).hasSize(1);
        }
    }

    private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, int status) {
        assertThatThrownBy(call).isInstanceOfSatisfying(CoordinatorRefusedException.class, e -> assertThat(e.status())
                .isEqualTo(status));
    }

    @Test
    void aRenewalThatIsRefusedIsNotALossAndIsRepeatedWithPauses() throws Exception {
        Path file = Files.writeString(directory.resolve("tokens.jsonl"), token.line());
        Authenticator authenticator = authenticator(file);
        URI uri = start(asking(authenticator), "http");
        List<RuntimeException> unknown = new CopyOnWriteArrayList<>();
        StreamLockListener listener = new StreamLockListener() {
            @Override
            public void renewalUnknown(int leases, RuntimeException cause) {
                unknown.add(cause);
            }
        };
        try (StreamLockClient worker =
                client(uri).bearerToken(token.token()).listener(listener).build()) {
            HeldLease lease = worker.tryAcquire(streamId).orElseThrow();
            Files.writeString(
                    file,
                    NewToken.of(new Principal("x", Role.WORKER, List.of(), ""), Optional.empty())
                            .line());
            authenticator.reload();
            await().until(() -> !unknown.isEmpty());
            assertThat(lease.loss()).isEmpty();

            Files.writeString(file, token.line());
            authenticator.reload();
            long safeUntil = lease.safeUntilNanos();
            await().until(() -> lease.safeUntilNanos() != safeUntil);
            assertThat(lease.loss()).isEmpty();
            assertThat(unknown).hasSizeLessThan(10).allSatisfy(e -> assertThat(e)
                    .isInstanceOfSatisfying(CoordinatorRefusedException.class, refused -> assertThat(refused.status())
                            .isEqualTo(401)));
        }
    }

    @Test
    void anItemThatIsRefusedIsNotALoss() throws Exception {
        Path file = Files.writeString(directory.resolve("tokens.jsonl"), token.line());
        URI uri = start(asking(authenticator(file)), "http");
        try (CoordinatorHttp http = CoordinatorHttp.connect(uri);
                LeaseCalls leases =
                        new HttpLeaseCalls(http, () -> Map.of("Authorization", "Bearer " + token.token()))) {
            var renewals = leases.renew(List.of(
                    new LeaseCalls.LeaseKey("bills/1", UUID.randomUUID()),
                    new LeaseCalls.LeaseKey(streamId, UUID.randomUUID())));
            assertThat(renewals.get(0))
                    .isInstanceOfSatisfying(LeaseCalls.Renewal.Unknown.class, e -> assertThat(e.cause())
                            .isInstanceOf(CoordinatorRefusedException.class)
                            .hasMessage("The coordinator failed to renew the lease of stream bills/1: forbidden: "
                                    + "This token is not for this stream."));
            assertThat(renewals.get(1)).isEqualTo(new LeaseCalls.Renewal.Lost(LossReason.UNKNOWN, Optional.empty()));
        }
    }

    @Test
    void aReleaseThatIsRefusedIsRepeatedAndTheOthersOfItsRequestAreDone() throws Exception {
        NewToken wide =
                NewToken.of(new Principal("w", Role.WORKER, List.of("orders/", "bills/"), ""), Optional.empty());
        Path file = Files.writeString(directory.resolve("tokens.jsonl"), wide.line());
        Authenticator authenticator = authenticator(file);
        URI uri = start(asking(authenticator), "http");
        ProxiedClient.Heard heard = new ProxiedClient.Heard();
        // The lease must not run out by itself.
        try (StreamLockClient worker = client(uri)
                .ttl(MAX_TTL)
                .bearerToken(wide.token())
                .listener(heard)
                .build()) {
            HeldLease order = worker.tryAcquire(streamId).orElseThrow();
            HeldLease bill = worker.tryAcquire("bills/1").orElseThrow();
            String narrow = wide.line().replace(",\"bills/\"", "");
            assertThat(narrow).isNotEqualTo(wide.line());
            Files.writeString(file, narrow);
            authenticator.reload();

            worker.release(List.of(order, bill));
            assertThat(heard.released).containsExactly(streamId);
            assertThat(heard.releaseUnknown).containsExactly("bills/1");
            assertThat(heard.lost).isEmpty();

            Files.writeString(file, wide.line());
            authenticator.reload();
            await().until(() -> storage.find("bills/1").isEmpty());
        }
    }

    @Test
    @Tag("slow")
    void aCallerWaitsForTheTimeThatTheServerNames() {
        // Its clock stands still, so it lets only the first call through.
        RateLimit limit = new RateLimit(1, () -> {
            calls.incrementAndGet();
            return 0;
        });
        URI uri = start(limiting(limit), "http");
        // A longer ttl than the other tests have: a slow machine may take two seconds for the first call.
        try (StreamLockClient busy =
                client(uri).ttl(MAX_TTL).acquireTimeout(Duration.ofMillis(2500)).build()) {
            assertThat(busy.tryAcquire(streamId)).isPresent();
            calls.set(0);
            assertThatThrownBy(() -> busy.tryAcquire(streamId + "x"))
                    .isInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("rate-limited");
            // The client calls after one second and after two. Without the pause there would be 25 calls.
            assertThat(calls.get()).isLessThan(15);
        }
    }

    private static Guards limiting(RateLimit limit) {
        return new Guards(
                Optional.empty(), Optional.of(limit), Optional.empty(), OptionalInt.empty(), Optional.empty());
    }

    private Guards capping(int leases) {
        OwnerCap cap = new OwnerCap(leases, Map::of);
        return new Guards(Optional.empty(), Optional.empty(), Optional.of(cap), OptionalInt.empty(), Optional.empty());
    }

    @Test
    void anAcquireThatWasRefusedForTooManyLeasesOrCallsIsNotReleased() {
        AtomicLong nanos = new AtomicLong();
        URI capped = start(capping(1), "http");
        try (StreamLockClient busy = client(capped).build()) {
            assertThat(busy.tryAcquire(streamId)).isPresent();
            assertThatThrownBy(() -> busy.tryAcquire(streamId + "x"))
                    .isInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("too-many-leases");
            await().during(Duration.ofMillis(500))
                    .until(() -> storage.releases().isEmpty());
        }
        server.stop();
        int before = storage.releases().size();
        URI limited = start(limiting(new RateLimit(1, nanos::get)), "http");
        try (StreamLockClient busy =
                client(limited).acquireTimeout(Duration.ofMillis(1)).build()) {
            assertThat(busy.tryAcquire(streamId + "y")).isPresent();
            assertThatThrownBy(() -> busy.tryAcquire(streamId + "z"))
                    .isInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("rate-limited");
            nanos.addAndGet(Duration.ofHours(1).toNanos());
            await().during(Duration.ofMillis(500))
                    .until(() -> storage.releases().size() == before);
        }
    }

    @Test
    void anAcquireThatIsRefusedAfterATryWithoutAnAnswerIsReleased() {
        AtomicLong nanos = new AtomicLong();
        URI uri = start(limiting(new RateLimit(1, nanos::get)), "http");
        try (TestProxy proxy = new TestProxy(uri);
                StreamLockClient hasty = client(proxy.uri())
                        .ttl(MAX_TTL)
                        .requestTimeout(Duration.ofMillis(500))
                        .acquireTimeout(Duration.ofMillis(1500))
                        .build()) {
            // The first try is granted, and the second refused.
            proxy.dropReplies();
            var acquired = CompletableFuture.supplyAsync(() -> hasty.tryAcquire(streamId));
            await().until(() -> storage.find(streamId).isPresent());
            proxy.pass();
            assertThatThrownBy(() -> acquired.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("rate-limited");
            assertThat(storage.find(streamId)).isPresent();
            nanos.addAndGet(Duration.ofHours(1).toNanos());
            await().until(() -> storage.find(streamId).isEmpty());
        }
    }

    @Test
    void anItemThatIsRefusedForTooManyLeasesNamesTheTimeThatASingleCallNames() {
        URI uri = start(capping(1), "http");
        try (CoordinatorHttp http = CoordinatorHttp.connect(uri);
                LeaseCalls leases = new HttpLeaseCalls(http, Map::of)) {
            List<LeaseCalls.Acquire> acquires = List.of(acquire(streamId), acquire(streamId + "x"));
            List<LeaseCalls.Acquired> acquired = leases.acquireAll(acquires, Duration.ZERO);
            assertThat(acquired.get(0)).isInstanceOf(LeaseCalls.Acquired.Granted.class);
            assertToldToWait(acquired.get(1));
            assertToldToWait(
                    leases.acquireAll(acquires.subList(1, 2), Duration.ZERO).get(0));
        }
    }

    /** The time is that of the Retry-After of a single call: until there can be room. */
    private static void assertToldToWait(LeaseCalls.Acquired refused) {
        assertThat(refused)
                .isInstanceOfSatisfying(LeaseCalls.Acquired.Failed.class, failed -> assertThat(failed.cause())
                        .isInstanceOfSatisfying(
                                CoordinatorUnavailableException.class,
                                tooMany -> assertThat(tooMany.retryAfter()).contains(OwnerCap.REFRESH_INTERVAL))
                        .hasMessageContaining("too-many-leases"));
    }

    private static LeaseCalls.Acquire acquire(String stream) {
        return new LeaseCalls.Acquire(
                new LeaseCalls.LeaseKey(stream, UUID.randomUUID()), new Owner("w", Map.of()), Optional.of(TTL));
    }

    @Test
    void aCertificateThatJavaDoesNotKnowIsTrustedIfItIsTold() throws Exception {
        TestCertificate certificate = TestCertificate.make(directory);
        Reloaded<KeyStore> shown = new Reloaded<>(
                "certificate",
                List.of(
                        Files.writeString(directory.resolve("tls.crt"), certificate.certificatePem()),
                        Files.writeString(directory.resolve("tls.key"), certificate.keyPem())),
                PemKeyStore::of);
        URI uri = start(
                new Guards(
                        Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.empty(), Optional.of(shown)),
                "https");
        try (StreamLockClient trusting =
                        client(uri).sslContext(certificate.trusted()).build();
                StreamLockClient other =
                        client(uri).acquireTimeout(Duration.ofMillis(1)).build()) {
            assertThat(trusting.tryAcquire(streamId)).isPresent();
            assertThatThrownBy(() -> other.tryAcquire(streamId + "x"))
                    .isInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("PKIX");
        }
    }
}
