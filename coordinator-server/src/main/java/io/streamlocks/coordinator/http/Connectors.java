package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.reload.Reloaded;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** The ports of the server, and how HTTP is spoken there. */
final class Connectors {

    private static final int ANSWER_BUFFER = 8 * 1024;

    private static final String MANAGEMENT = "management";

    private static final UriCompliance URIS = UriCompliance.UNSAFE.without(
            "STREAM_IDS",
            UriCompliance.Violation.UTF16_ENCODINGS,
            UriCompliance.Violation.USER_INFO,
            UriCompliance.Violation.FRAGMENT);

    /** Above the time from the moment a connection is accepted until it is open, also on a machine that is busy. */
    private static final Duration QUIET = Duration.ofMillis(200);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    private Connectors() {}

    /**
     * Adds the connectors.
     *
     * @param certificate what TLS shows at the main port; empty for plain HTTP
     * @param slow is told of each connection
     */
    static void add(Server server, Listening listening, Optional<Reloaded<KeyStore>> certificate, SlowClients slow) {
        HttpConnections http = new HttpConnections(http(listening));
        ServerConnector main = certificate
                .map(shown -> TlsConnector.of(server, http, shown))
                .orElseGet(() -> new ServerConnector(server, http));
        main.setPort(listening.port());
        add(server, main, listening, slow);

        listening.managementPort().ifPresent(port -> {
            ServerConnector management = new ServerConnector(server, 1, 1, new HttpConnections(http(listening)));
            management.setName(MANAGEMENT);
            management.setPort(port);
            // A crowd here is in its own way alone.
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
     * Accepts no more connections, and waits until those that were accepted have ended. Jetty's own stop takes a connection
     * that was accepted, and is not open yet, for none, and ends it without an answer: under load one call or another at
     * each stop. So this waits until there has been none for a while.
     *
     * @param atMost how long it waits
     * @return what is left of that, at least a millisecond
     */
    static Duration close(Server server, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        for (Connector connector : server.getConnectors()) {
            // A shutdown would interrupt the acceptors. That loses a connection that one has just accepted: it is
            // neither served nor ended.
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
                    // As a shutdown does with those that it finds.
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
        // In the heap: buffers outside of it would have a limit of their own, and what meets that is no less out of
        // memory.
        http.setUseInputDirectByteBuffers(false);
        http.setUseOutputDirectByteBuffers(false);
        http.setSendServerVersion(false);
        http.setSendDateHeader(false);
        // For each answer that is not read yet; most are far smaller, and long ones have buffers of their own.
        http.setOutputBufferSize(ANSWER_BUFFER);
        http.setOutputAggregationSize(ANSWER_BUFFER);
        // A stream id may be "..", or hold "/" and "%", percent-encoded. That is ambiguous only where the decoded path
        // names a file or decides about access; here routes match the path as sent. But %u with four digits is no
        // percent-encoding, and a path does not go on behind a #.
        http.setUriCompliance(URIS);
        return http;
    }

    /** Whether this is the port of probes and metrics. */
    static boolean isManagement(Connector connector) {
        return MANAGEMENT.equals(connector.getName());
    }
}
