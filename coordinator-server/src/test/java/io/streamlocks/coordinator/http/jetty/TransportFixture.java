package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.EagerContentHandler;
import org.eclipse.jetty.util.component.LifeCycle;
import org.slf4j.LoggerFactory;

/** A server with the handlers of a transport, above which there is a test instead of an API. */
final class TransportFixture implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 30_000;

    private final Telemetry telemetry = Telemetry.untraced();
    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server, new HttpConnections(new HttpConfiguration()));

    /**
     * Starts a server.
     *
     * @param limits the limits of each path
     * @param api handles the requests
     */
    TransportFixture(Map<String, RouteLimits> limits, Handler api) throws Exception {
        this(limits, call -> Optional.empty(), api);
    }

    /**
     * Starts a server.
     *
     * @param limits the limits of each path
     * @param direct handles some requests directly
     * @param api handles all other requests
     */
    TransportFixture(Map<String, RouteLimits> limits, Function<Call, Optional<DirectRoute>> direct, Handler api)
            throws Exception {
        RepeatedErrorLog errors =
                new RepeatedErrorLog(LoggerFactory.getLogger(TransportFixture.class), System::nanoTime);
        SlowClients slow = new SlowClients(ClientLimits.DEFAULT, 100, errors, telemetry);
        connector.setHost("127.0.0.1");
        connector.addEventListener(slow);
        server.addConnector(connector);
        AdmissionHandler admission =
                new AdmissionHandler(head -> new Admission("caller", true, limits.get(head.path()), "nobody"), false);
        BodyReader bodies = new BodyReader(ClientLimits.DEFAULT, server.getThreadPool(), errors, telemetry);
        CallHandler calls = new CallHandler(direct, server.getThreadPool(), errors, telemetry);
        calls.setHandler(api);
        slow.setHandler(new EagerContentHandler(calls, bodies));
        admission.setHandler(slow);
        server.setHandler(admission);
        server.start();
    }

    /** Connects, and sends a request with this body. */
    Socket send(String path, String body) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
        socket.setSoTimeout(TIMEOUT_MILLIS);
        String request = "POST " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** Reads until the server ends the connection. */
    static String read(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        LifeCycle.stop(server);
        telemetry.close();
    }
}
