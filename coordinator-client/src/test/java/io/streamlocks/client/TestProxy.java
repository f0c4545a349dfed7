package io.streamlocks.client;

import com.sun.net.httpserver.HttpServer;
import io.streamlocks.testkit.rig.Link;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** The network between a client and a server, and an intermediary that sends 429 by itself. */
public final class TestProxy implements AutoCloseable {

    private static final String TOO_MANY_REQUESTS =
            "{\"type\":\"x\",\"title\":\"x\",\"status\":429,\"code\":\"slowdown\"}";

    private final int serverPort;
    private final HttpServer refusing;
    private final Link link;
    private boolean isFaulty;

    public TestProxy(URI server) {
        serverPort = server.getPort();
        try {
            refusing = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            link = new Link(serverPort);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        refusing.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                byte[] body = TOO_MANY_REQUESTS.getBytes(StandardCharsets.US_ASCII);
                exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
                exchange.getResponseHeaders().set("Connection", "close");
                exchange.sendResponseHeaders(429, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        refusing.start();
    }

    public URI uri() {
        return link.uri();
    }

    /** Lets everything through. The data that a fault has held up is lost with its connection. */
    public synchronized void pass() {
        if (isFaulty) {
            isFaulty = false;
            link.leadTo(serverPort);
            link.cut();
            link.heal();
        }
    }

    /** Refuses connections, and resets those that exist. */
    public void refuse() {
        fail(Link.State.REFUSE);
    }

    /** Accepts connections and bytes, and does not respond. */
    public void blackHole() {
        fail(Link.State.SILENT);
    }

    /** Passes requests on, and drops the responses to them. */
    public void dropReplies() {
        fail(Link.State.SILENT_TO_CLIENT);
    }

    private synchronized void fail(Link.State how) {
        isFaulty = true;
        link.set(how);
    }

    /** Responds 429 in place of the server. */
    public synchronized void tooManyRequests() {
        isFaulty = true;
        link.leadTo(refusing.getAddress().getPort());
        link.cut();
    }

    @Override
    public void close() {
        link.close();
        refusing.stop(0);
    }
}
