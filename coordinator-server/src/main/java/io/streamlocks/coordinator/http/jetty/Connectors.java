package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.reload.Reloaded;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Opens and closes the ports of a server. */
final class Connectors {

    private static final int RESPONSE_BUFFER = 8 * 1024;

    private static final String MANAGEMENT = "management";

    private static final String METHOD_OVERRIDE = "X-HTTP-Method-Override";

    private static final UriCompliance URIS = UriCompliance.UNSAFE.without(
            "STREAM_IDS",
            UriCompliance.Violation.UTF16_ENCODINGS,
            UriCompliance.Violation.USER_INFO,
            UriCompliance.Violation.FRAGMENT);

    /** Is above the time from the accept of a connection until it is open, on a busy machine as well. */
    private static final Duration QUIET = Duration.ofMillis(200);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    private Connectors() {}

    /**
     * Adds the connectors to a server.
     *
     * @param certificate what TLS shows at the main port; empty for plain HTTP
     * @param slow is called for each connection
     */
    static void add(Server server, Listening listening, Optional<Reloaded<KeyStore>> certificate, SlowClients slow) {
        HttpConnections http = new HttpConnections(http(listening));
        ServerConnector main = certificate
                .map(shown -> TlsConnector.of(server, http, shown))
                .orElseGet(() -> new QuietConnector(server, http));
        main.setPort(listening.port());
        add(server, main, listening, slow);

        listening.managementPort().ifPresent(port -> {
            ServerConnector management = new QuietConnector(server, 1, 1, new HttpConnections(http(listening)));
            management.setName(MANAGEMENT);
            management.setPort(port);
            // A crowd at this port cannot affect the main port.
            server.addBean(new NetworkConnectionLimit(ClientLimits.MANAGEMENT_CONNECTIONS, management));
            add(server, management, listening, slow);
        });
    }

    private static void add(Server server, ServerConnector connector, Listening listening, SlowClients slow) {
        connector.addEventListener(slow);
        connector.setHost(listening.host());
        connector.setIdleTimeout(listening.idleTimeout().toMillis());
        connector.setAcceptQueueSize(ClientLimits.ACCEPT_QUEUE);
        connector.setAcceptedReceiveBufferSize(ClientLimits.SOCKET_BUFFER);
        connector.setAcceptedSendBufferSize(ClientLimits.SOCKET_BUFFER);
        server.addConnector(connector);
    }

    /**
     * Accepts no more connections, and waits until those that were accepted have ended. Jetty's own stop does not count
     * a connection that was accepted and is not open yet, and ends it without a response. Under load that would happen
     * to a call or two at each stop. This method therefore waits until there has been no connection for a while.
     *
     * @param atMost how long it waits
     * @return the rest of that time, at least a millisecond
     */
    static Duration close(Server server, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        for (Connector connector : server.getConnectors()) {
            // A shutdown would interrupt the acceptors, and a connection that has just been accepted would be lost:
            // it is neither served nor ended.
            ((ServerConnector) connector).close();
        }
        long quietSince = System.nanoTime();
        long now = quietSince;
        while (now - quietSince < QUIET.toNanos() && end - now > 0) {
            try {
                TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN.toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
            now = System.nanoTime();
            for (Connector connector : server.getConnectors()) {
                for (EndPoint client : connector.getConnectedEndPoints()) {
                    // A shutdown does this once.
                    client.setIdleTimeout(((AbstractConnector) connector).getShutdownIdleTimeout());
                    quietSince = now;
                }
            }
        }
        return Duration.ofNanos(Math.max(TimeUnit.MILLISECONDS.toNanos(1), end - System.nanoTime()));
    }

    private static HttpConfiguration http(Listening listening) {
        HttpConfiguration http = new HttpConfiguration();
        http.setRequestHeaderSize(listening.maxHeadBytes());
        // Buffers outside of the heap have a limit of their own, at which the process is out of memory, too.
        http.setUseInputDirectByteBuffers(false);
        http.setUseOutputDirectByteBuffers(false);
        // Each connection would have a table of 100 kB for the fields of its heads, which saves hardly any time.
        http.setHeaderCacheSize(0);
        http.setSendServerVersion(false);
        http.setSendDateHeader(false);
        // Each unread response has such a buffer. Most are far smaller, and long ones have buffers of their own.
        http.setOutputBufferSize(RESPONSE_BUFFER);
        http.setOutputAggregationSize(RESPONSE_BUFFER);
        // A stream id may be "..", or contain "/" and "%", percent-encoded. That is ambiguous only where the decoded
        // path names a file or decides about access. Here routes match the path as sent. %u with four digits is not
        // percent-encoding, however, and a path ends before a #.
        http.setUriCompliance(URIS);
        http.addCustomizer((request, headers) ->
                request.getHeaders().contains(METHOD_OVERRIDE) ? withoutMethodOverride(request) : request);
        return http;
    }

    /** Javalin would take the method from this header: a DELETE with the limits, the log and the metrics of a PUT. */
    private static Request withoutMethodOverride(Request request) {
        HttpFields headers = HttpFields.from(request.getHeaders().stream()
                .filter(field -> !field.is(METHOD_OVERRIDE))
                .toArray(HttpField[]::new));
        return new Request.Wrapper(request) {

            @Override
            public HttpFields getHeaders() {
                return headers;
            }
        };
    }

    /** Returns whether this is the management port. */
    static boolean isManagement(Connector connector) {
        return MANAGEMENT.equals(connector.getName());
    }
}
