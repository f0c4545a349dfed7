package io.streamlocks.coordinator.http;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Makes connections that are read by one thread at a time, and answer nobody who has gone.
 *
 * <p>Those of Jetty 12.1.14 do neither. A request that is no HTTP is answered by a second thread, which then has a third one
 * read on. If the first has not given its buffer back by then, it may do so while the third reads into it, or once more
 * when another connection has it already. Two connections, of two clients, then share it: requests are lost, or answered
 * to the wrong client.
 */
final class HttpConnections extends HttpConnectionFactory {

    HttpConnections(HttpConfiguration http) {
        super(http);
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        HttpConnection connection = new SerialConnection(getHttpConfiguration(), connector, endPoint);
        connection.setTransferEncodingChunkMaxLength(getTransferEncodingChunkMaxLength());
        return configure(connection, connector, endPoint);
    }

    private static final class SerialConnection extends HttpConnection {

        SerialConnection(HttpConfiguration http, Connector connector, EndPoint endPoint) {
            super(http, connector, endPoint);
        }

        /**
         * Reads what came and has it handled. A second thread waits for no handler: it comes when the first has handed its
         * request on, has found it to be no HTTP, or is to be told of more, and each time that one is about to return.
         */
        @Override
        public synchronized void onFillable() {
            super.onFillable();
        }

        @Override
        protected RequestHandler newRequestHandler() {
            return new Requests();
        }

        private final class Requests extends RequestHandler {
            /**
             * Answers what is no HTTP, but for the beginning of a head whose client has gone: nobody would read that. A crowd
             * that goes away at once would have a thread started for each answer, beyond those of the server.
             */
            @Override
            public void badMessage(HttpException failure) {
                if (!getEndPoint().isInputShutdown()) {
                    super.badMessage(failure);
                }
            }
        }
    }
}
