package io.streamlocks.coordinator.http.jetty;

import java.time.Duration;

/**
 * The limits of a route, which are enforced from the head of a request on.
 *
 * @param exchange how long a request may take from the end of its head to the last byte of its response, however
 *     steadily the bytes come; the connection is ended after that
 * @param maxBodyBytes how large the body of a request may be
 */
public record RouteLimits(Duration exchange, int maxBodyBytes) {

    /**
     * How large the body of a call on one stream may be: its longest valid body in the longest encoding of JSON. Only
     * some routes accept more, and only a few of those bodies are parsed at once.
     */
    public static final int STANDARD_BODY_BYTES = 64 * 1024;

    /**
     * Returns the limits of a route whose calls may wait at the server for so long. The client still has the whole time
     * of the exchange to send its body and to read its response.
     */
    public RouteLimits withWait(Duration wait) {
        return new RouteLimits(exchange.plus(wait), maxBodyBytes);
    }

    /** Returns the same limits with another maximum size of a body. */
    public RouteLimits withMaxBodyBytes(int bytes) {
        return new RouteLimits(exchange, bytes);
    }
}
