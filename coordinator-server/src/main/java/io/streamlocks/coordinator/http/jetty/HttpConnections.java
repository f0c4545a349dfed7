package io.streamlocks.coordinator.http.jetty;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Makes connections that are read by one thread at a time, and that do not respond to a client that has gone.
 *
 * <p>The connections of Jetty 12.1.14 do neither. A second thread responds to a request that is not HTTP, and then has
 * a third thread read on. If the first thread has not returned its buffer by then, it may return it while the third
 * thread reads into it, or return it again when another connection already has it. Two connections, of two clients,
 * then share a buffer: requests are lost, or the response goes to the wrong client.
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
         * Reads what came and has it handled. A second thread does not wait for a handler here. It comes when the first
         * thread has handed its request on, has found that it is not HTTP, or is to read more, and in each case the
         * first thread is about to return.
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
             * Responds to what is not HTTP, unless the client has gone after a part of a head: nobody would read the
             * response. For a crowd of such clients Jetty would start a thread per response, beyond those of the
             * server.
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
