package io.streamlocks.coordinator.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests keys at a URL, with a correct issuer and with a faulty one. */
class FetchedKeysTest {

    private static ECKey old;
    private static ECKey fresh;

    /** Returns a key set, or behaves as the test says. */
    private static final class Issuer implements AutoCloseable {
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final HttpServer server;
        private final AtomicInteger asked = new AtomicInteger();
        private volatile HttpHandler handler;

        Issuer(JWK... keys) throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(threads);
            answer(new JWKSet(List.of(keys)).toString());
            server.createContext("/keys", exchange -> {
                asked.incrementAndGet();
                handler.handle(exchange);
            });
            server.start();
        }

        void answer(String body) {
            handler = exchange -> send(exchange, 200, body);
        }

        private static void send(HttpExchange exchange, int status, String body) throws IOException {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort() + "/keys";
        }

        @Override
        public void close() {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    private final AtomicLong nanos = new AtomicLong();
    private Issuer issuer;
    private Authenticator authenticator;

    @BeforeAll
    static void makeKeys() throws JOSEException {
        old = new ECKeyGenerator(Curve.P_256).keyID("old").generate();
        fresh = new ECKeyGenerator(Curve.P_256).keyID("fresh").generate();
    }

    @BeforeEach
    void start() throws Exception {
        issuer = new Issuer(old.toPublicJWK());
        authenticator = authenticator(issuer.url());
    }

    @AfterEach
    void stop() {
        issuer.close();
    }

    private static Authenticator authenticator(String url) throws UnusableFileException {
        return Authenticator.of(Optional.empty(), Optional.of(new Authenticator.Jwt(url, "issuer", "locks")));
    }

    private Optional<Principal> principal(ECKey key) throws JOSEException {
        return principal(key, key.getKeyID());
    }

    private Optional<Principal> principal(ECKey key, String keyId) throws JOSEException {
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(keyId).build(),
                new JWTClaimsSet.Builder()
                        .issuer("issuer")
                        .audience("locks")
                        .subject("worker-7")
                        .claim("role", "worker")
                        .expirationTime(Date.from(Instant.now().plusSeconds(600)))
                        .build());
        jwt.sign(new ECDSASigner(key));
        return authenticator.authenticate(List.of("Bearer " + jwt.serialize()), "192.0.2.1");
    }

    private void awaitGood(ECKey key) {
        await().ignoreException(KeysUnavailableException.class)
                .untilAsserted(() -> assertThat(principal(key)).isPresent());
    }

    @Test
    void keysAreFetchedOnceAndStayInUseWhileTheIssuerIsAway() throws Exception {
        authenticator.reload();
        awaitGood(old);
        authenticator.reload();
        assertThat(principal(old)).isPresent();
        assertThat(issuer.asked).hasValue(1);
        assertThat(authenticator.isKeySetFailing()).isFalse();
        issuer.close();
        assertThat(principal(old)).isPresent();
    }

    @Test
    void keysAreFetchedAtTheFirstNeed() {
        awaitGood(old);
        assertThat(issuer.asked).hasValue(1);
    }

    @Test
    void noCallWaitsForAnIssuerThatHangs() throws Exception {
        awaitGood(old);
        CountDownLatch hangs = new CountDownLatch(1);
        issuer.handler = exchange -> {
            try {
                hangs.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Issuer.send(exchange, 200, new JWKSet(List.of(old.toPublicJWK(), fresh.toPublicJWK())).toString());
        };
        // The token cannot be verified yet. Rejecting it would be wrong.
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> principal(fresh)).isInstanceOf(KeysUnavailableException.class);
            assertThat(principal(old)).isPresent();
        }
        hangs.countDown();
        awaitGood(fresh);
        assertThat(principal(old)).isPresent();
        assertThat(issuer.asked).hasValue(2);
    }

    @Test
    void inventedKeysAreRejectedAndDoNotCauseAFetchEachTime() throws Exception {
        awaitGood(old);
        await().ignoreException(KeysUnavailableException.class)
                .untilAsserted(() -> assertThat(principal(fresh)).isEmpty());
        for (int i = 0; i < 50; i++) {
            assertThat(principal(fresh, "made-up-" + i)).isEmpty();
        }
        assertThat(issuer.asked).hasValue(2);
        assertThat(principal(fresh, "old")).isEmpty();
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        try (Issuer other = new Issuer(fresh.toPublicJWK())) {
            for (int status : List.of(301, 302, 303, 307, 308)) {
                authenticator = authenticator(issuer.url());
                issuer.handler = exchange -> {
                    exchange.getResponseHeaders().set("Location", other.url());
                    Issuer.send(exchange, status, "");
                };
                authenticator.reload();
                await().until(authenticator::isKeySetFailing);
                assertThatThrownBy(() -> principal(fresh)).isInstanceOf(KeysUnavailableException.class);
            }
            assertThat(other.asked).hasValue(0);
        }
    }

    @Test
    void withoutKeysATokenCannotBeVerified() throws Exception {
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        authenticator = authenticator("http://127.0.0.1:" + closed + "/keys");
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> principal(old)).isInstanceOf(KeysUnavailableException.class);
        }
        assertThat(authenticator.authenticate(List.of("Bearer slc_no-jwt-at-all"), "192.0.2.1"))
                .isEmpty();
        // The task that calls it does not end either.
        authenticator.reload();
        await().until(authenticator::isKeySetFailing);
    }

    private FetchedKeys keys(Duration timeout) {
        return new FetchedKeys(URI.create(issuer.url()), timeout, nanos::get);
    }

    private static List<JWK> any(FetchedKeys keys) throws JWKSetUnavailableException {
        return keys.get(new JWKSelector(new JWKMatcher.Builder().build()), null);
    }

    private void awaitFetched(FetchedKeys keys, ECKey expected) {
        await().ignoreException(JWKSetUnavailableException.class)
                .untilAsserted(() -> assertThat(any(keys)).containsExactly(expected.toPublicJWK()));
    }

    @Test
    void keysAreFetchedAgainAfterFiveMinutes() throws Exception {
        FetchedKeys keys = keys(FetchedKeys.TIMEOUT);
        keys.refresh();
        awaitFetched(keys, old);
        issuer.answer(new JWKSet(fresh.toPublicJWK()).toString());
        nanos.addAndGet(Duration.ofMinutes(5).toNanos() - 1);
        keys.refresh();
        assertThat(issuer.asked).hasValue(1);
        nanos.addAndGet(1);
        keys.refresh();
        awaitFetched(keys, fresh);
        assertThat(issuer.asked).hasValue(2);
    }

    @Test
    void aResponseThatIsNotAKeySetLeavesThePreviousKeysInUseForTwelveHours() throws Exception {
        FetchedKeys keys = keys(FetchedKeys.TIMEOUT);
        keys.refresh();
        awaitFetched(keys, old);
        long fetched = nanos.get();
        String good = new JWKSet(fresh.toPublicJWK()).toString();
        for (String body : List.of(
                "",
                "null",
                "<html>",
                "{}",
                "{\"keys\":[]}",
                "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
                good.substring(0, good.length() - 1),
                good + " ".repeat(1024 * 1024))) {
            // The keys are good again, so the next failure belongs to this response.
            issuer.answer(new JWKSet(old.toPublicJWK()).toString());
            nanos.addAndGet(Duration.ofMinutes(5).toNanos());
            keys.refresh();
            await().until(() -> !keys.isFailing());
            fetched = nanos.get();
            issuer.answer(body);
            nanos.addAndGet(Duration.ofMinutes(5).toNanos());
            await().untilAsserted(() -> {
                keys.refresh();
                assertThat(keys.isFailing()).isTrue();
            });
            assertThat(any(keys)).containsExactly(old.toPublicJWK());
        }
        nanos.set(fetched + Duration.ofHours(12).toNanos());
        assertThat(any(keys)).containsExactly(old.toPublicJWK());
        nanos.addAndGet(1);
        assertThatThrownBy(() -> any(keys)).isInstanceOf(JWKSetUnavailableException.class);

        issuer.answer(good);
        nanos.addAndGet(Duration.ofSeconds(10).toNanos());
        awaitFetched(keys, fresh);
        assertThat(keys.isFailing()).isFalse();
    }

    @Test
    void aResponseThatNeverEndsIsAborted() throws Exception {
        CountDownLatch given = new CountDownLatch(1);
        issuer.handler = exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var body = exchange.getResponseBody()) {
                while (true) {
                    body.write(' ');
                    body.flush();
                    Thread.onSpinWait();
                }
            } catch (IOException e) {
                given.countDown();
            }
        };
        // The request must arrive within this time, also while other tests run.
        FetchedKeys keys = keys(Duration.ofSeconds(2));
        keys.refresh();
        await().until(keys::isFailing);
        // The rest of the response is not read.
        assertThat(given.await(30, TimeUnit.SECONDS)).isTrue();
    }
}
