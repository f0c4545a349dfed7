package io.streamlocks.coordinator.http.jetty;

import java.util.List;
import org.eclipse.jetty.server.Request;

/** The head of a request. Nothing of the body has been read when the API decides about it. */
public final class Head {

    private final Request request;

    Head(Request request) {
        this.request = request;
    }

    public String method() {
        return request.getMethod();
    }

    /** Returns the path as it was sent, percent-encoded. */
    public String path() {
        return request.getHttpURI().getPath();
    }

    /** Returns the values of a header, in their order; empty if the request has none of that name. */
    public List<String> values(String header) {
        return request.getHeaders().getValuesList(header);
    }

    /** Returns the IP address of the client. */
    public String remoteAddress() {
        return Request.getRemoteAddr(request);
    }

    /** Returns the address by which limits count the client: its IPv4 address, or its IPv6 network of 64 bits. */
    public String countedAddress() {
        return ClientAddress.of(request.getConnectionMetaData().getRemoteSocketAddress());
    }
}
