package io.streamlocks.client;

import io.streamlocks.client.generated.GroupsApi;
import io.streamlocks.client.generated.LocksApi;
import io.streamlocks.client.generated.OperationsApi;
import io.streamlocks.client.generated.OperatorsApi;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.impl.DefaultConnectionKeepAliveStrategy;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.SSLConnectionSocketFactory;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;

/**
 * The coordinator's API over HTTP, with one pool of connections.
 *
 * <h2>Blocking</h2>
 *
 * <p>Every call of {@link #locks()}, {@link #groups()} and {@link #operators()} blocks its thread for up to three
 * times:
 *
 * <ul>
 *   <li>1 second for one of the 64 connections,
 *   <li>1 second to connect to each address of the host, and 1 second more for each step of a TLS handshake,
 *   <li>5 seconds for the answer to begin, or to go on after a pause. The server answers within 3 seconds even when its
 *       database is away, so after 5 seconds of silence no answer will come.
 * </ul>
 *
 * <p>There is no limit on a call as a whole: the resolution of a name, or a server that sends byte after byte, can take
 * longer. Interrupting the thread does not end a call; {@link #close()} does.
 *
 * <h2>Connections</h2>
 *
 * <p>A connection is used for 48 to 72 seconds, each for another time, and never after it was idle for 20 seconds. This
 * class works with each httpclient5 from 5.3 on, because frameworks choose the version. It may call nothing newer.
 *
 * <h2>Errors</h2>
 *
 * <p>Every failed call throws an {@link io.streamlocks.client.generated.ApiException}. Its {@code getCode()} separates
 * two cases:
 *
 * <ul>
 *   <li>The HTTP status, if the server returned an error. {@code getResponseBody()} is then the problem as JSON, unless
 *       a proxy made the answer. {@code getResponseHeaders()} finds {@code Retry-After} in any case of letters.
 *   <li>0, if there is no usable answer. {@code getCause()} is the reason. Whether the call took effect is unknown.
 * </ul>
 *
 * <p>A call is sent once. It follows no redirect and retries nothing, also not after a 503 with {@code Retry-After}. An
 * acquire without {@code leaseId} is not safe to repeat, so retries are the caller's decision. A text with half of a
 * surrogate pair, which UTF-8 cannot carry, is an {@link IllegalArgumentException} before anything is sent. A missing
 * argument is an {@code ApiException} with code 400 that never left the client.
 *
 * <h2>Threads</h2>
 *
 * <p>One instance serves any number of threads, and so do the objects that it returns. No caller may use the setters of
 * the generated classes.
 */
final class CoordinatorHttp implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_CONNECTIONS = 64;

    /** The greatest idle time is below that of common servers, because nothing is retried here. */
    static final Duration MAX_IDLE = Duration.ofSeconds(20);

    static final Duration MAX_AGE = Duration.ofSeconds(60);

    private static final Duration ARRIVES_BEFORE = Duration.ofSeconds(1);

    /** Matches a host with an underscore, such as a Docker service. {@link URI} finds no host in such a name. */
    private static final Pattern UNDERSCORED = Pattern.compile("[A-Za-z0-9._-]*_[A-Za-z0-9._-]*(:[0-9]{1,5})?");

    private final CloseableHttpClient httpClient;
    private final LocksApi locks;
    private final GroupsApi groups;
    private final OperatorsApi operators;
    private final OperationsApi operations;

    private CoordinatorHttp(String baseUri, CloseableHttpClient httpClient) {
        this.httpClient = httpClient;
        var apiClient = new CoordinatorApiClient(httpClient, baseUri);
        this.locks = new LocksApi(apiClient);
        this.groups = new GroupsApi(apiClient);
        this.operators = new OperatorsApi(apiClient);
        this.operations = new OperationsApi(apiClient);
    }

    /**
     * Makes a client. It opens no connection yet, so a server that is away shows only at the first call.
     *
     * @param baseUri where the server is, such as {@code http://coordinator:8080} or {@code https://example.org/locks}:
     *     absolute, http or https, without user info, query and fragment
     * @throws IllegalArgumentException if {@code baseUri} is something else
     */
    public static CoordinatorHttp connect(URI baseUri) {
        return connect(baseUri, CONNECT_TIMEOUT, RESPONSE_TIMEOUT);
    }

    static CoordinatorHttp connect(URI baseUri, Duration connectTimeout, Duration responseTimeout) {
        return connect(baseUri, connectTimeout, responseTimeout, Optional.empty(), MAX_IDLE, MAX_AGE);
    }

    /**
     * Makes a client whose time-outs can change between two calls.
     *
     * @param connectTimeout returns the time that a call which begins now may wait for a connection
     * @param responseTimeout returns the time that it may wait for the answer
     * @param sslContext names the certificates to trust; empty for those that Java trusts
     */
    static CoordinatorHttp connect(
            URI baseUri,
            Supplier<Duration> connectTimeout,
            Supplier<Duration> responseTimeout,
            Optional<SSLContext> sslContext) {
        HttpTimeouts timeouts = new HttpTimeouts(connectTimeout, responseTimeout);
        return connect(baseUri, timeouts, sslContext, MAX_IDLE, MAX_AGE);
    }

    static CoordinatorHttp connect(
            URI baseUri, Duration connectTimeout, Duration responseTimeout, Optional<SSLContext> sslContext) {
        return connect(baseUri, connectTimeout, responseTimeout, sslContext, MAX_IDLE, MAX_AGE);
    }

    /**
     * Makes a client with other limits of a connection.
     *
     * @param maxIdle the idle time after which it is not used any more
     * @param maxAge the age after which it is closed, give or take a fifth
     */
    static CoordinatorHttp connect(
            URI baseUri,
            Duration connectTimeout,
            Duration responseTimeout,
            Optional<SSLContext> sslContext,
            Duration maxIdle,
            Duration maxAge) {
        HttpTimeouts fixed = new HttpTimeouts(() -> connectTimeout, () -> responseTimeout);
        return connect(baseUri, fixed, sslContext, maxIdle, maxAge);
    }

    private static CoordinatorHttp connect(
            URI baseUri, HttpTimeouts timeouts, Optional<SSLContext> sslContext, Duration maxIdle, Duration maxAge) {
        var base = requireBase(baseUri);
        var connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setMaxConnTotal(MAX_CONNECTIONS)
                .setMaxConnPerRoute(MAX_CONNECTIONS)
                .setConnectionConfigResolver(route -> timeouts.connection())
                .setSocketConfigResolver(route -> timeouts.socket())
                .setTlsConfigResolver(host -> timeouts.tls())
                .setDnsResolver(new SpreadAddresses());
        sslContext.ifPresent(trust -> trust(connections, trust));
        var httpClient = HttpClients.custom()
                .setConnectionManager(connections.build())
                .addExecInterceptorFirst("time-outs", timeouts)
                .setKeepAliveStrategy((answer, context) -> idleLimit(answer, context, TimeValue.of(maxIdle)))
                .setConnectionReuseStrategy(new ConnectionAge(maxAge))
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableContentCompression()
                .build();
        return new CoordinatorHttp(base, httpClient);
    }

    // Its replacement is not in 5.3.
    @SuppressWarnings("deprecation")
    private static void trust(PoolingHttpClientConnectionManagerBuilder connections, SSLContext trust) {
        connections.setSSLSocketFactory(new SSLConnectionSocketFactory(trust));
    }

    /**
     * Returns when an idle connection expires. The pool checks that before it hands a connection out. A server may ask
     * for less, and closes the connection at that moment. A request must arrive before, so the connection expires a
     * second earlier.
     */
    private static TimeValue idleLimit(HttpResponse answer, HttpContext context, TimeValue most) {
        var asked = DefaultConnectionKeepAliveStrategy.INSTANCE.getKeepAliveDuration(answer, context);
        if (!TimeValue.isNonNegative(asked)) {
            return most;
        }
        long millis = asked.toMilliseconds() - ARRIVES_BEFORE.toMillis();
        // Zero would mean for ever.
        return TimeValue.ofMilliseconds(Math.max(1, Math.min(millis, most.toMilliseconds())));
    }

    private static String requireBase(URI uri) {
        var scheme = uri.getScheme();
        if (!("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))
                || (uri.getHost() == null && !isUnderscored(uri))
                || uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "The base URI must be http(s)://host[:port][/path], without user info, query and fragment");
        }
        return uri.toString().replaceAll("/+$", "");
    }

    private static boolean isUnderscored(URI uri) {
        return uri.getRawAuthority() != null
                && UNDERSCORED.matcher(uri.getRawAuthority()).matches();
    }

    /** Returns the calls that acquire, renew, release and read locks. */
    public LocksApi locks() {
        return locks;
    }

    /** Returns the calls of groups. */
    public GroupsApi groups() {
        return groups;
    }

    /** Returns the calls that break leases and read the history. */
    public OperatorsApi operators() {
        return operators;
    }

    /** Returns the calls for probes and people. */
    public OperationsApi operations() {
        return operations;
    }

    /**
     * Closes all connections. Calls under way end with an exception, and whether they took effect is unknown. Later
     * calls throw an {@link IllegalStateException}. Leases stay as they are.
     */
    @Override
    public void close() {
        httpClient.close(CloseMode.IMMEDIATE);
    }
}
