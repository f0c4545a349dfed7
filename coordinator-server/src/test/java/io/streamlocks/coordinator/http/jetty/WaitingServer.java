package io.streamlocks.coordinator.http.jetty;

import io.javalin.Javalin;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.LoggerFactory;

/** A server with the transport of production, whose calls wait until a test responds to them. */
final class WaitingServer implements AutoCloseable {

    private static final int TIMEOUT_SECONDS = 30;

    /** A call that waits. */
    static final class Waiting {

        private final Call call;
        private final CompletableFuture<String> response = new CompletableFuture<>();
        private final AtomicInteger gone = new AtomicInteger();

        private Waiting(Call call) {
            this.call = call;
        }

        Call call() {
            return call;
        }

        String path() {
            return call.path();
        }

        void respond(String text) {
            response.complete(text);
        }

        /** Returns how often the client was reported as gone. */
        int gone() {
            return gone.get();
        }
    }

    private final BlockingQueue<Waiting> arrived = new LinkedBlockingQueue<>();
    private final Telemetry telemetry = Telemetry.untraced();
    private final QueuedThreadPool threads = TransportOptions.newThreads();
    private final Transport transport;
    private final Javalin javalin;
    private final int port;

    /** Is set before the server starts. */
    private Server jetty;

    WaitingServer() {
        this(Listening.IDLE_TIMEOUT, ClientLimits.DEFAULT, Optional.empty());
    }

    /**
     * Starts a server.
     *
     * @param idleTimeout ends silent connections
     * @param limits limit clients
     * @param certificate makes the server use TLS
     */
    WaitingServer(Duration idleTimeout, ClientLimits limits, Optional<Reloaded<KeyStore>> certificate) {
        RouteLimits route = new RouteLimits(limits.exchange(), RouteLimits.STANDARD_BODY_BYTES);
        Transport.Api api = new Transport.Api(
                head -> new Admission("caller", true, route, "nobody"),
                false,
                () -> false,
                path -> false,
                call -> Optional.of(() -> handle(call)),
                (status, requestId, maxHeadBytes, header) -> new byte[0]);
        transport = new Transport(
                new TransportOptions(limits, threads, System::nanoTime),
                certificate,
                api,
                new RepeatedErrorLog(LoggerFactory.getLogger(WaitingServer.class), System::nanoTime),
                telemetry);
        transport.listenAt(new Listening(
                "127.0.0.1", 0, OptionalInt.empty(), 10_000, idleTimeout, Listening.MAX_HEAD_BYTES, false));
        javalin = Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.startup.showOldJavalinVersionWarning = false;
            config.startup.startupWatcherEnabled = false;
            transport.configure(config.jetty);
            config.jetty.modifyServer(server -> jetty = server);
        });
        port = javalin.start().port();
    }

    private CompletableFuture<Reply> handle(Call call) {
        Waiting waiting = new Waiting(call);
        if (!call.path().equals("/unwatched")) {
            call.onClientGone(() -> {
                waiting.gone.incrementAndGet();
                if (call.path().equals("/leave")) {
                    waiting.respond("");
                }
            });
        }
        arrived.add(waiting);
        return waiting.response.thenApply(WaitingServer::reply);
    }

    private static Reply reply(String text) {
        return new Reply(200, header -> {}, text.getBytes(StandardCharsets.US_ASCII), () -> {});
    }

    int port() {
        return port;
    }

    QueuedThreadPool threads() {
        return threads;
    }

    /** Returns the next call, once it has come. */
    Waiting next() throws InterruptedException {
        Waiting next = arrived.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("No call came");
        }
        return next;
    }

    /** Returns how many calls came that were not returned yet. */
    int more() {
        return arrived.size();
    }

    /** Returns how many connections there are. */
    int connections() {
        return jetty.getConnectors()[0].getConnectedEndPoints().size();
    }

    /** Returns whether a client has no connection any more. */
    boolean isWithout(RawClient client) {
        return endPoint(client).isEmpty();
    }

    /** Returns how many bytes of HTTP were read from a client that has a connection. */
    long bytesFrom(RawClient client) {
        return http(client).getBytesIn();
    }

    /** Returns the size of the buffer for a request of a client that has a connection. */
    int bufferFor(RawClient client) {
        return http(client).getInputBufferSize();
    }

    private SerialConnection http(RawClient client) {
        Connection outer = endPoint(client).orElseThrow().getConnection();
        Connection http =
                outer instanceof SslConnection tls ? tls.getSslEndPoint().getConnection() : outer;
        return (SerialConnection) http;
    }

    private Optional<EndPoint> endPoint(RawClient client) {
        return jetty.getConnectors()[0].getConnectedEndPoints().stream()
                .filter(endPoint -> endPoint.getRemoteSocketAddress() instanceof InetSocketAddress address
                        && address.getPort() == client.localPort())
                .findAny();
    }

    /** Stops as a server of production does. */
    void stop() {
        transport.closePorts();
        javalin.stop();
    }

    @Override
    public void close() {
        javalin.stop();
        telemetry.close();
    }
}
