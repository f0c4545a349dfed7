package io.streamlocks.coordinator.http.jetty;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** Sends the bodies of responses. No thread waits until a client has taken its response. */
public final class ResponseWriter {

    /** How much of a long response is sent at once. */
    private static final int PIECE_BYTES = 32 * 1024;

    private ResponseWriter() {}

    /**
     * Sends a body. The framework is bypassed: it waits for the client, and copies each result by way of a new buffer
     * of 32 kB. This method does not block.
     *
     * @param response has its status and headers; its request must be in asynchronous mode if the body may be long
     * @return is complete when the body has been sent, and when it cannot be sent because the client has gone
     */
    public static CompletableFuture<Void> send(HttpServletResponse response, byte[] body) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        try {
            ServletOutputStream out = response.getOutputStream();
            if (body.length < response.getBufferSize()) {
                // The body fits into the buffer, which is sent at the end of the request. If the length were set,
                // Jetty would notice here that the response is complete, and wait until it is sent.
                out.write(body);
                sent.complete(null);
            } else {
                response.setBufferSize(PIECE_BYTES);
                response.setContentLength(body.length);
                out.setWriteListener(new LongBody(out, body, sent));
            }
        } catch (IOException e) {
            // The client has gone, so nobody reads the response.
            sent.complete(null);
        }
        return sent;
    }
}
