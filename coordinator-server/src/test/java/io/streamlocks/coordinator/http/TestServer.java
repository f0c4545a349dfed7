package io.streamlocks.coordinator.http;

import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.config.HttpClientConfig;
import io.restassured.config.RestAssuredConfig;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.streamlocks.coordinator.http.jetty.ClientLimits;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.http.jetty.TransportOptions;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.telemetry.Tracing;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.http.client.HttpClient;
import org.apache.http.client.methods.HttpUriRequest;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A server on a free port of this machine. Each call is compared with the contract. */
final class TestServer implements AutoCloseable {

    static final Duration DEFAULT_TTL = Duration.ofSeconds(30);
    static final Duration MAX_TTL = Duration.ofHours(1);

    private static final RestAssuredConfig CONFIG = RestAssuredConfig.config()
            .httpClient(HttpClientConfig.httpClientConfig().httpClientFactory(TestServer::clientThatSendsPathsAsGiven))
            .encoderConfig(EncoderConfig.encoderConfig().appendDefaultContentCharsetToContentTypeIfUndefined(false));

    final Clock clock;
    final Gate gate;
    final int port;
    private final Telemetry telemetry;
    private final HttpServer server;

    /** Is sent with each request. */
    private final Optional<String> token;

    private TestServer(LockManager locks, Clock clock, Guards guards, Tracing tracing) {
        this(
                locks,
                clock,
                guards,
                tracing,
                ClientLimits.DEFAULT,
                TransportOptions.newThreads(),
                Listening.at("127.0.0.1", 0));
    }

    private TestServer(
            LockManager locks,
            Clock clock,
            Guards guards,
            Tracing tracing,
            ClientLimits limits,
            QueuedThreadPool threads,
            Listening listening) {
        this(locks, clock, guards, tracing, limits, threads, listening, MAX_TTL);
    }

    private TestServer(
            LockManager locks,
            Clock clock,
            Guards guards,
            Tracing tracing,
            ClientLimits limits,
            QueuedThreadPool threads,
            Listening listening,
            Duration maxTtl) {
        this.clock = clock;
        this.gate = new Gate();
        this.telemetry = new Telemetry(tracing);
        this.server = new HttpServer(
                locks,
                gate,
                guards,
                new Fields(DEFAULT_TTL, maxTtl),
                telemetry,
                new TransportOptions(limits, threads, clock::nanos));
        this.port = server.start(listening);
        this.token = Optional.empty();
    }

    private TestServer(TestServer same, String token) {
        this.clock = same.clock;
        this.gate = same.gate;
        this.telemetry = same.telemetry;
        this.server = same.server;
        this.port = same.port;
        this.token = Optional.of(token);
    }

    /** Returns the same server, called with this bearer token. */
    TestServer as(String bearerToken) {
        return new TestServer(this, bearerToken);
    }

    /** Returns a server whose gate is closed, with leases in memory. */
    static TestServer closed() {
        Clock clock = new Clock();
        return new TestServer(new MemoryLockManager(clock, true), clock, Guards.NONE, Tracing.off());
    }

    /** Returns a server that accepts calls, with leases in memory. */
    static TestServer open() {
        TestServer server = closed();
        server.gate.open();
        return server;
    }

    /** Returns a server that accepts calls and carries them out with this. */
    static TestServer of(LockManager locks) {
        return of(locks, new Clock(), Guards.NONE);
    }

    /** Returns a server that accepts calls behind these guards, with leases in memory. */
    static TestServer guarded(Guards guards) {
        Clock clock = new Clock();
        return of(new MemoryLockManager(clock, true), clock, guards);
    }

    /** Returns a server that accepts calls behind these guards and carries them out with this, which uses the clock. */
    static TestServer of(LockManager locks, Clock clock, Guards guards) {
        return of(locks, clock, guards, Tracing.off());
    }

    /** Returns a server that accepts calls, carries them out with this, and traces them. */
    static TestServer of(LockManager locks, Tracing tracing) {
        return of(locks, new Clock(), Guards.NONE, tracing);
    }

    private static TestServer of(LockManager locks, Clock clock, Guards guards, Tracing tracing) {
        TestServer server = new TestServer(locks, clock, guards, tracing);
        server.gate.open();
        return server;
    }

    /** Returns a server that accepts calls, with leases in memory, and listens here. */
    static TestServer listening(Guards guards, Listening listening) {
        Clock clock = new Clock();
        TestServer server = new TestServer(
                new MemoryLockManager(clock, true),
                clock,
                guards,
                Tracing.off(),
                ClientLimits.DEFAULT,
                TransportOptions.newThreads(),
                listening);
        server.gate.open();
        return server;
    }

    /** Returns a server that accepts calls, with leases in memory that may be as long as this. */
    static TestServer withMaxTtl(Duration maxTtl) {
        Clock clock = new Clock();
        TestServer server = new TestServer(
                new MemoryLockManager(clock, true),
                clock,
                Guards.NONE,
                Tracing.off(),
                ClientLimits.DEFAULT,
                TransportOptions.newThreads(),
                Listening.at("127.0.0.1", 0),
                maxTtl);
        server.gate.open();
        return server;
    }

    /** Returns a server that accepts calls, carries them out with this, and limits clients. */
    static TestServer of(LockManager locks, ClientLimits limits) {
        return of(locks, limits, Listening.at("127.0.0.1", 0));
    }

    /** Returns the same server, which listens here. */
    static TestServer of(LockManager locks, ClientLimits limits, Listening listening) {
        TestServer server = new TestServer(
                locks, new Clock(), Guards.NONE, Tracing.off(), limits, TransportOptions.newThreads(), listening);
        server.gate.open();
        return server;
    }

    /** Returns a server that accepts calls behind these guards, with leases in memory, and limits clients. */
    static TestServer guarded(Guards guards, ClientLimits limits) {
        Clock clock = new Clock();
        TestServer server = new TestServer(
                new MemoryLockManager(clock, true),
                clock,
                guards,
                Tracing.off(),
                limits,
                TransportOptions.newThreads(),
                Listening.at("127.0.0.1", 0));
        server.gate.open();
        return server;
    }

    /** Returns a server that accepts calls, with leases in memory, and has these threads. */
    static TestServer of(QueuedThreadPool threads) {
        Clock clock = new Clock();
        TestServer server = new TestServer(
                new MemoryLockManager(clock, true),
                clock,
                Guards.NONE,
                Tracing.off(),
                ClientLimits.DEFAULT,
                threads,
                Listening.at("127.0.0.1", 0));
        server.gate.open();
        return server;
    }

    /** Returns the management port, which the server must have. */
    int managementPort() {
        return server.managementPort().orElseThrow();
    }

    /** Returns the server itself. */
    HttpServer http() {
        return server;
    }

    /** Returns a request whose path is sent as it is, so the caller encodes it. */
    RequestSpecification request() {
        return request(OpenApiFilter.ofExchanges());
    }

    RequestSpecification request(OpenApiFilter filter) {
        RequestSpecification request = RestAssured.given()
                .config(CONFIG)
                .baseUri("http://127.0.0.1")
                .port(port)
                .urlEncodingEnabled(false)
                .redirects()
                .follow(false)
                // A server takes a second or two to stop while a client keeps a connection.
                .header("Connection", "close")
                .filter(filter);
        return token.map(bearer -> request.header("Authorization", "Bearer " + bearer))
                .orElse(request);
    }

    Response get(String path) {
        return request().get(path);
    }

    Response post(String path, String json) {
        return post(path, json.getBytes(StandardCharsets.UTF_8));
    }

    Response post(String path, Map<String, ?> body) {
        return post(path, Json.write(body));
    }

    Response post(String path, byte[] body) {
        return request().contentType("application/json").body(body).post(path);
    }

    /** Sends a batch whose items are refused or accepted one by one. */
    Response postBadItems(String path, String json) {
        return request(OpenApiFilter.ofResponses())
                .contentType("application/json")
                .body(json.getBytes(StandardCharsets.UTF_8))
                .post(path);
    }

    Response acquire(String streamId, String ownerId, UUID leaseId) {
        return post(path(streamId) + "/acquire", Map.of("ownerId", ownerId, "leaseId", leaseId));
    }

    Response renew(String streamId, UUID leaseId) {
        return post(path(streamId) + "/renew", Map.of("leaseId", leaseId));
    }

    Response release(String streamId, UUID leaseId) {
        return post(path(streamId) + "/release", Map.of("leaseId", leaseId));
    }

    /** Returns the path of a stream, percent-encoded as one segment. */
    static String path(String streamId) {
        return "/v1/locks/" + encoded(streamId);
    }

    /** Encodes text, including its dots: a client would resolve a segment of dots. */
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace(".", "%2E");
    }

    /** Returns a client that sends paths as they are. REST Assured would send {@code %2B} as a plus sign. */
    @SuppressWarnings("deprecation")
    private static HttpClient clientThatSendsPathsAsGiven() {
        org.apache.http.impl.client.DefaultHttpClient client = new org.apache.http.impl.client.DefaultHttpClient();
        client.addRequestInterceptor((request, context) -> {
            var rewritten = (org.apache.http.impl.client.RequestWrapper) request;
            URI given = ((HttpUriRequest) rewritten.getOriginal()).getURI();
            String query = given.getRawQuery() == null ? "" : "?" + given.getRawQuery();
            rewritten.setURI(URI.create(given.getRawPath() + query));
        });
        return client;
    }

    static String randomStream() {
        return "stream-" + UUID.randomUUID();
    }

    @Override
    public void close() {
        server.stop();
        telemetry.close();
    }

    /** A clock that stands still until a test moves it. */
    static final class Clock implements InstantSource {
        private volatile Instant now = Instant.parse("2026-01-31T12:00:00.123456Z");

        @Override
        public Instant instant() {
            return now;
        }

        void advance(Duration time) {
            now = now.plus(time);
        }

        /** Returns the same time on a monotonic clock. */
        long nanos() {
            return ChronoUnit.NANOS.between(Instant.EPOCH, now);
        }
    }
}
