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

    private TestServer(Setup setup) {
        this.clock = setup.clock;
        this.gate = new Gate();
        this.telemetry = new Telemetry(setup.tracing);
        this.server = new HttpServer(
                setup.locks,
                gate,
                setup.guards,
                new Fields(DEFAULT_TTL, setup.maxTtl),
                telemetry,
                new TransportOptions(setup.limits, setup.threads, clock::nanos));
        this.port = server.start(setup.listening);
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
        return new TestServer(new Setup());
    }

    /** Returns a server that accepts calls, with leases in memory. */
    static TestServer open() {
        return new Setup().open();
    }

    /** Returns a server that accepts calls and carries them out with this. */
    static TestServer of(LockManager locks) {
        return new Setup().locks(locks).open();
    }

    /** Returns a server that accepts calls behind these guards, with leases in memory. */
    static TestServer guarded(Guards guards) {
        return new Setup().guards(guards).open();
    }

    /** Returns a server that accepts calls behind these guards and carries them out with this, which uses the clock. */
    static TestServer of(LockManager locks, Clock clock, Guards guards) {
        return new Setup(clock).locks(locks).guards(guards).open();
    }

    /** Returns a server that accepts calls, carries them out with this, and traces them. */
    static TestServer of(LockManager locks, Tracing tracing) {
        return new Setup().locks(locks).tracing(tracing).open();
    }

    /** Returns a server that accepts calls, with leases in memory, and listens here. */
    static TestServer listening(Guards guards, Listening listening) {
        return new Setup().guards(guards).listening(listening).open();
    }

    /** Returns a server that accepts calls, with leases in memory that may be as long as this. */
    static TestServer withMaxTtl(Duration maxTtl) {
        return new Setup().maxTtl(maxTtl).open();
    }

    /** Returns a server that accepts calls, carries them out with this, and limits clients. */
    static TestServer of(LockManager locks, ClientLimits limits) {
        return new Setup().locks(locks).limits(limits).open();
    }

    /** Returns the same server, which listens here. */
    static TestServer of(LockManager locks, ClientLimits limits, Listening listening) {
        return new Setup().locks(locks).limits(limits).listening(listening).open();
    }

    /** Returns a server that accepts calls behind these guards, with leases in memory, and limits clients. */
    static TestServer guarded(Guards guards, ClientLimits limits) {
        return new Setup().guards(guards).limits(limits).open();
    }

    /** Returns a server that accepts calls, with leases in memory, and has these threads. */
    static TestServer of(QueuedThreadPool threads) {
        return new Setup().threads(threads).open();
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

    /** The parts of a server. Without other parts it has leases in memory, no guards, and the limits of production. */
    private static final class Setup {
        private final Clock clock;
        private LockManager locks;
        private Guards guards = Guards.NONE;
        private Tracing tracing = Tracing.off();
        private ClientLimits limits = ClientLimits.DEFAULT;
        private QueuedThreadPool threads = TransportOptions.newThreads();
        private Listening listening = Listening.at("127.0.0.1", 0);
        private Duration maxTtl = MAX_TTL;

        Setup() {
            this(new Clock());
        }

        Setup(Clock clock) {
            this.clock = clock;
            this.locks = new MemoryLockManager(clock, true);
        }

        Setup locks(LockManager other) {
            locks = other;
            return this;
        }

        Setup guards(Guards other) {
            guards = other;
            return this;
        }

        Setup tracing(Tracing other) {
            tracing = other;
            return this;
        }

        Setup limits(ClientLimits other) {
            limits = other;
            return this;
        }

        Setup threads(QueuedThreadPool other) {
            threads = other;
            return this;
        }

        Setup listening(Listening other) {
            listening = other;
            return this;
        }

        Setup maxTtl(Duration other) {
            maxTtl = other;
            return this;
        }

        TestServer open() {
            TestServer server = new TestServer(this);
            server.gate.open();
            return server;
        }
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
