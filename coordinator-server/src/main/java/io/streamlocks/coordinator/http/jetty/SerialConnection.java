package io.streamlocks.coordinator.http.jetty;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.internal.HttpConnection;

/** A connection of {@link HttpConnections}, whose properties are described there. */
final class SerialConnection extends HttpConnection {

    SerialConnection(HttpConfiguration http, Connector connector, EndPoint endPoint) {
        super(http, connector, endPoint);
    }

    /**
     * Reads what came and has it handled. A second thread does not wait for a handler here. It comes when the first
     * thread has handed its request on, has found that it is not HTTP, or is to read more, and in each case the first
     * thread is about to return.
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
         * response. For a crowd of such clients Jetty would start a thread per response, beyond those of the server.
         */
        @Override
        public void badMessage(HttpException failure) {
            if (!getEndPoint().isInputShutdown()) {
                super.badMessage(failure);
            }
        }
    }
}
