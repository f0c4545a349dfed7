package io.streamlocks.coordinator.http.jetty;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Ends its acceptors when its port is closed. Jetty ends only an acceptor that waits for a connection at that moment.
 * One that is opening a connection would try to accept from the closed port again and again until the connector stops,
 * which takes a core while a server waits for its calls.
 */
class QuietConnector extends ServerConnector {

    private static final int DEFAULT = -1;

    QuietConnector(Server server, ConnectionFactory... protocols) {
        this(server, DEFAULT, DEFAULT, protocols);
    }

    QuietConnector(Server server, int acceptors, int selectors, ConnectionFactory... protocols) {
        super(server, acceptors, selectors, protocols);
    }

    /** Fails if the port is closed. Jetty ends the acceptor then, and does not interrupt it. */
    @Override
    public void accept(int acceptorId) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        super.accept(acceptorId);
    }
}
