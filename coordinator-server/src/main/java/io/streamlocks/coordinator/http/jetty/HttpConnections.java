package io.streamlocks.coordinator.http.jetty;

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
}
