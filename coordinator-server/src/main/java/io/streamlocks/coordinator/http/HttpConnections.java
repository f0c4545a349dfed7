package io.streamlocks.coordinator.http;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Makes connections that are read by one thread at a time.
 *
 * <p>Those of Jetty 12.1.14 are not. A request that is no HTTP is answered by another thread than the one that read it,
 * and with the answer out that thread sees to the connection, too. If the first has not given back its buffer by then,
 * both may: the pool has it twice, and gives it to two connections, of two clients. Requests of either are then lost, or
 * the other one hears the answer. It takes nobody's leave to send what is no HTTP.
 */
final class HttpConnections extends HttpConnectionFactory {

    HttpConnections(HttpConfiguration http) {
        super(http);
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        HttpConnection connection = new ReadByOne(getHttpConfiguration(), connector, endPoint);
        connection.setTransferEncodingChunkMaxLength(getTransferEncodingChunkMaxLength());
        return configure(connection, connector, endPoint);
    }

    private static final class ReadByOne extends HttpConnection {

        ReadByOne(HttpConfiguration http, Connector connector, EndPoint endPoint) {
            super(http, connector, endPoint);
        }

        /**
         * Reads what came and has it handled. A second thread waits for no request of the first: it comes once that one
         * has handed its request on, or is not to read any further, and so is about to leave.
         */
        @Override
        public synchronized void onFillable() {
            super.onFillable();
        }
    }
}
