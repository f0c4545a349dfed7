package io.streamlocks.coordinator.http.jetty;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.ByteBufferPool;
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

    /** Larger buffers are not kept. */
    private static final int MAX_POOLED = 64 * 1024;

    QuietConnector(Server server, ConnectionFactory... protocols) {
        this(server, DEFAULT, DEFAULT, protocols);
    }

    QuietConnector(Server server, int acceptors, int selectors, ConnectionFactory... protocols) {
        super(server, null, null, pool(), acceptors, selectors, protocols);
    }

    /** Returns a pool whose buffers differ by {@link SerialConnection#SMALL_BUFFER}. Those of Jetty differ by 4 kB. */
    private static ByteBufferPool pool() {
        return new ArrayByteBufferPool(0, SerialConnection.SMALL_BUFFER, MAX_POOLED);
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
