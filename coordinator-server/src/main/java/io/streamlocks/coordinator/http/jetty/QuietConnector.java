package io.streamlocks.coordinator.http.jetty;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Ends its acceptors when its port is closed. The acceptors of Jetty would first log the closed port as a failure, and then
 * try to accept from it without a pause until the connector stops, which takes a core while a server waits for its calls.
 */
final class QuietConnector extends ServerConnector {

    private static final int DEFAULT = -1;

    QuietConnector(Server server, ConnectionFactory... protocols) {
        this(server, DEFAULT, DEFAULT, protocols);
    }

    QuietConnector(Server server, int acceptors, int selectors, ConnectionFactory... protocols) {
        super(server, acceptors, selectors, protocols);
    }

    @Override
    public void accept(int acceptorId) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        super.accept(acceptorId);
    }

    @Override
    protected boolean handleAcceptFailure(Throwable failure) {
        return isOpen() && super.handleAcceptFailure(failure);
    }
}
