package io.streamlocks.coordinator.http.jetty;

import org.eclipse.jetty.server.Request;

/** The body of a request, which was read before its route is called. */
final class Body {

    static final byte[] NONE = {};

    static final String ATTRIBUTE = Body.class.getName();

    private Body() {}

    /**
     * Returns the body of a request; empty if it has none. This method does not block.
     *
     * @throws UnreadBodyException if the body is too large, ended early, or met a lack of memory
     */
    static byte[] of(Request request) {
        Object body = request.getAttribute(ATTRIBUTE);
        if (body instanceof UnreadBodyException refusal) {
            throw refusal;
        }
        return body == null ? NONE : (byte[]) body;
    }
}
