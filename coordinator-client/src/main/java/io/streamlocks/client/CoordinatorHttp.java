package io.streamlocks.client;

import io.streamlocks.client.generated.LocksApi;
import io.streamlocks.client.generated.OperationsApi;
import io.streamlocks.client.generated.OperatorsApi;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.DefaultConnectionKeepAliveStrategy;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.SSLConnectionSocketFactory;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The coordinator's API over HTTP, with one pool of connections.
 *
 * <h2>Blocking</h2>
 *
 * Every call of {@link #locks()} and {@link #operations()} blocks its thread: up to 1 second for a free connection,
 * of which there are 64, up to 1 second to connect to each address of the host (and 1 second more for each step of a TLS
 * handshake), and up to 5 seconds for the answer to begin, or to go on after a pause. The server answers within
 * 3 seconds even when its database is away, so 5 seconds of silence mean that no answer will come. There is no limit
 * on a call as a whole: name resolution, or a server that sends byte after byte, can take longer. Interrupting the
 * thread does not end a call; {@link #close()} does.
 *
 * <h2>Connections</h2>
 *
 * A connection is used for 48 to 72 seconds, each for another time, and never after it was idle for 20 seconds. It works
 * with each httpclient5 from 5.3 on, since frameworks choose the version: nothing newer may be called here.
 *
 * <h2>Errors</h2>
 *
 * Whatever goes wrong with a call is an {@link io.streamlocks.client.generated.ApiException}, and its
 * {@code getCode()} tells two cases apart:
 *
 * <ul>
 *   <li>The HTTP status, where the server answered with an error. {@code getResponseBody()} is then the problem as JSON,
 *       unless a proxy made the answer, and {@code getResponseHeaders()} finds {@code Retry-After} in any case of
 *       letters.
 *   <li>0, where no usable answer came. {@code getCause()} tells why. Whether the call took effect is unknown.
 * </ul>
 *
 * <p>A call is sent once. Redirects are not followed and nothing is retried, also not after a 503 with
 * {@code Retry-After}: an acquire without {@code leaseId} is not safe to repeat, so retries are the caller's decision.
 * A text with half of a surrogate pair, which no UTF-8 can carry, is an {@link IllegalArgumentException} before
 * anything is sent. A missing argument is an {@code ApiException} with code 400 that never left the client.
 *
 * <h2>Threads</h2>
 *
 * One instance serves any number of threads, and the objects it hands out do too, as long as nobody calls a setter of
 * the generated classes. The generated client keeps the status and headers of the last answer per thread, never
 * across threads; take the headers from the exception instead.
 */
final class CoordinatorHttp implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_CONNECTIONS = 64;

    /** Below the time after which common servers hang up, since nothing is retried here. */
    static final Duration MAX_IDLE = Duration.ofSeconds(20);

    static final Duration MAX_AGE = Duration.ofSeconds(60);

    private static final Duration ARRIVES_BEFORE = Duration.ofSeconds(1);

    /** Reads the host of a URL. {@link URI} finds none in a name with an underscore, which Docker's services have. */
    private static final Pattern UNDERSCORED = Pattern.compile("[A-Za-z0-9._-]*_[A-Za-z0-9._-]*(:[0-9]{1,5})?");

    private final CloseableHttpClient httpClient;
    private final LocksApi locks;
    private final OperatorsApi operators;
    private final OperationsApi operations;

    private CoordinatorHttp(String baseUri, CloseableHttpClient httpClient) {
        this.httpClient = httpClient;
        var apiClient = new CoordinatorApiClient(httpClient, baseUri);
        this.locks = new LocksApi(apiClient);
        this.operators = new OperatorsApi(apiClient);
        this.operations = new OperationsApi(apiClient);
    }

    /**
     * Makes a client. Opens no connection yet, so a server that is away shows only at the first call.
     *
     * @param baseUri where the server is, like {@code http://coordinator:8080} or {@code https://example.org/locks}:
     *     absolute, http or https, without user info, query and fragment
     * @throws IllegalArgumentException if {@code baseUri} is something else
     */
    public static CoordinatorHttp connect(URI baseUri) {
        return connect(baseUri, CONNECT_TIMEOUT, RESPONSE_TIMEOUT);
    }

    static CoordinatorHttp connect(URI baseUri, Duration connectTimeout, Duration responseTimeout) {
        return connect(baseUri, connectTimeout, responseTimeout, Optional.empty());
    }

    /**
     * The same with other certificates trusted.
     *
     * @param sslContext says which; empty for those that Java trusts
     */
    static CoordinatorHttp connect(
            URI baseUri, Duration connectTimeout, Duration responseTimeout, Optional<SSLContext> sslContext) {
        return connect(baseUri, connectTimeout, responseTimeout, sslContext, MAX_IDLE, MAX_AGE);
    }

    /**
     * The same with other limits of a connection.
     *
     * @param maxIdle after which it is not used any more
     * @param maxAge after which it is closed, give or take a fifth
     */
    static CoordinatorHttp connect(
            URI baseUri,
            Duration connectTimeout,
            Duration responseTimeout,
            Optional<SSLContext> sslContext,
            Duration maxIdle,
            Duration maxAge) {
        var base = requireBase(baseUri);
        var connect = Timeout.of(connectTimeout);
        var response = Timeout.of(responseTimeout);
        var connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setMaxConnTotal(MAX_CONNECTIONS)
                .setMaxConnPerRoute(MAX_CONNECTIONS)
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(connect)
                        // A check costs up to a millisecond, so a busy connection goes without it.
                        .setValidateAfterInactivity(TimeValue.ofSeconds(1))
                        .build())
                // Until the first request: newer versions do not tell the handshake of an own SSLContext its time-out.
                .setDefaultSocketConfig(
                        SocketConfig.custom().setSoTimeout(connect).build())
                .setDefaultTlsConfig(
                        TlsConfig.custom().setHandshakeTimeout(connect).build());
        sslContext.ifPresent(trust -> trust(connections, trust));
        var httpClient = HttpClients.custom()
                .setConnectionManager(connections.build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(connect)
                        .setResponseTimeout(response)
                        .build())
                .setKeepAliveStrategy((answer, context) -> idleLimit(answer, context, TimeValue.of(maxIdle)))
                .setConnectionReuseStrategy(new ConnectionAge(maxAge))
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableContentCompression()
                .build();
        return new CoordinatorHttp(base, httpClient);
    }

    // What has replaced it is not in 5.3.
    @SuppressWarnings("deprecation")
    private static void trust(PoolingHttpClientConnectionManagerBuilder connections, SSLContext trust) {
        connections.setSSLSocketFactory(new SSLConnectionSocketFactory(trust));
    }

    /**
     * When an idle connection expires, which the pool looks at before it hands one out. A server may ask for less, and
     * hangs up at that moment, so that a request must be there before: its connection expires a second earlier.
     */
    private static TimeValue idleLimit(HttpResponse answer, HttpContext context, TimeValue most) {
        var asked = DefaultConnectionKeepAliveStrategy.INSTANCE.getKeepAliveDuration(answer, context);
        if (!TimeValue.isNonNegative(asked)) {
            return most;
        }
        long millis = asked.toMilliseconds() - ARRIVES_BEFORE.toMillis();
        // Zero would be for ever.
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

    /** The calls that acquire, renew, release and look at locks. */
    public LocksApi locks() {
        return locks;
    }

    /** The calls that break leases and tell what happened. */
    public OperatorsApi operators() {
        return operators;
    }

    /** The calls for probes and people. */
    public OperationsApi operations() {
        return operations;
    }

    /**
     * Closes all connections. Calls under way end with an exception, and whether they took effect is unknown; calls
     * made later are refused with an {@link IllegalStateException}. Leases stay as they are.
     */
    @Override
    public void close() {
        httpClient.close(CloseMode.IMMEDIATE);
    }
}
