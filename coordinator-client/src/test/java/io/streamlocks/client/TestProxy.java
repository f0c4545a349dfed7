package io.streamlocks.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A network between client and server, on loopback, that can fail in the ways that networks do. */
public final class TestProxy implements AutoCloseable {

    private static final String TOO_MANY_REQUESTS = """
            HTTP/1.1 429 Too Many Requests\r
            Content-Type: application/problem+json\r
            Content-Length: 55\r
            Connection: close\r
            \r
            {"type":"x","title":"x","status":429,"code":"slowdown"}""";

    private enum Mode {
        PASS,
        REFUSE,
        BLACK_HOLE,
        DROP_REPLY,
        TOO_MANY
    }

    private final URI server;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Mode mode = Mode.PASS;
    private volatile ServerSocket listener;

    public TestProxy(URI server) {
        this.server = server;
        this.listener = listen(0);
        this.port = listener.getLocalPort();
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Lets all through, as at first. */
    public void pass() {
        if (mode != Mode.PASS) {
            mode = Mode.PASS;
            cut();
        }
        if (listener.isClosed()) {
            listener = listen(port);
        }
    }

    /** Refuses connections, and resets those there are. */
    public void refuse() {
        // Also for a connection that is accepted while the listener closes.
        mode = Mode.REFUSE;
        closeQuietly(listener);
        cut();
    }

    /** Takes connections and bytes, and answers nothing. */
    public void blackHole() {
        mode = Mode.BLACK_HOLE;
    }

    /** Lets requests through, and no reply to them. */
    public void dropReplies() {
        mode = Mode.DROP_REPLY;
    }

    /** Answers 429 by itself. */
    public void tooManyRequests() {
        mode = Mode.TOO_MANY;
        cut();
    }

    @Override
    public void close() {
        refuse();
    }

    private ServerSocket listen(int onPort) {
        try {
            ServerSocket bound = new ServerSocket();
            bound.setReuseAddress(true);
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), onPort));
            start(() -> {
                while (true) {
                    connect(bound.accept());
                }
            });
            return bound;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void connect(Socket client) throws IOException {
        sockets.add(client);
        Socket upstream = new Socket(server.getHost(), server.getPort());
        sockets.add(upstream);
        start(() -> pump(client, upstream, true));
        start(() -> pump(upstream, client, false));
    }

    private void pump(Socket from, Socket to, boolean isRequest) throws IOException {
        byte[] buffer = new byte[65_536];
        try (from;
                to) {
            while (true) {
                int read = from.getInputStream().read(buffer);
                if (read < 0) {
                    return;
                }
                Mode now = mode;
                if (now == Mode.REFUSE) {
                    return;
                }
                if (now == Mode.TOO_MANY && isRequest) {
                    from.getOutputStream().write(TOO_MANY_REQUESTS.getBytes(StandardCharsets.US_ASCII));
                    return;
                }
                if (now == Mode.PASS || (now == Mode.DROP_REPLY && isRequest)) {
                    to.getOutputStream().write(buffer, 0, read);
                }
            }
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private void cut() {
        sockets.forEach(TestProxy::closeQuietly);
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Io {
        void run() throws IOException;
    }

    private static void start(Io io) {
        Thread thread = new Thread(
                () -> {
                    try {
                        io.run();
                    } catch (IOException closed) {
                        // That is how both ends and the proxy end a connection.
                    }
                },
                "test-proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
