package io.streamlocks.coordinator.http.jetty;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingNestedCallback;

/** Sends replies. No thread waits until a client has taken its response, and no method blocks. */
public final class ResponseWriter {

    /** How much of a long response is sent at once. The system would have a copy of all of it otherwise. */
    private static final int PIECE_BYTES = 32 * 1024;

    private ResponseWriter() {}

    /**
     * Sends a reply to a call that passed through the framework. The framework itself would wait for the client, and
     * copies each result by way of a new buffer of 32 kB.
     *
     * @param response belongs to a request in asynchronous mode if the body may be long
     * @return is complete when the reply has been sent, and when it cannot be sent because the client has gone
     */
    public static CompletableFuture<Void> send(HttpServletResponse response, Reply reply) {
        try {
            response.setStatus(reply.status());
            // The framework has set its default.
            response.setContentType(null);
            reply.headers().accept(response::setHeader);
            return body(response, reply.body())
                    .whenComplete((sent, failure) -> reply.sent().run());
        } catch (RuntimeException | Error e) {
            reply.sent().run();
            throw e;
        }
    }

    private static CompletableFuture<Void> body(HttpServletResponse response, byte[] body) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        try {
            if (body.length == 0) {
                sent.complete(null);
            } else if (body.length < response.getBufferSize()) {
                // The body fits into the buffer, which is sent at the end of the request. If the length were set,
                // Jetty would notice here that the response is complete, and wait until it is sent.
                response.getOutputStream().write(body);
                sent.complete(null);
            } else {
                ServletOutputStream out = response.getOutputStream();
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

    /**
     * Sends a reply to a call that did not pass through the framework.
     *
     * @param callback is completed when the reply has been sent, and when it cannot be sent
     */
    static void send(Response response, Reply reply, Callback callback) {
        // The next request of the caller may come at once, and needs what this one has counted.
        Callback end = Callback.from(reply.sent(), callback);
        try {
            response.setStatus(reply.status());
            HttpFields.Mutable headers = response.getHeaders();
            reply.headers().accept(headers::put);
            write(response, headers, reply.body(), end);
        } catch (RuntimeException | Error e) {
            end.failed(e);
            throw e;
        }
    }

    private static void write(Response response, HttpFields.Mutable headers, byte[] body, Callback end) {
        if (body.length > 0) {
            headers.put(HttpHeader.CONTENT_LENGTH, body.length);
        }
        if (body.length > PIECE_BYTES) {
            new Pieces(response, body, end).iterate();
        } else {
            response.write(true, ByteBuffer.wrap(body), end);
        }
    }

    /** Sends a long body, each piece when the client has taken the one before. */
    private static final class Pieces extends IteratingNestedCallback {

        private final Response response;
        private final ByteBuffer rest;

        Pieces(Response response, byte[] body, Callback end) {
            super(end);
            this.response = response;
            this.rest = ByteBuffer.wrap(body);
        }

        @Override
        protected Action process() {
            if (!rest.hasRemaining()) {
                return Action.SUCCEEDED;
            }
            int size = Math.min(PIECE_BYTES, rest.remaining());
            ByteBuffer piece = rest.slice(rest.position(), size);
            rest.position(rest.position() + size);
            response.write(!rest.hasRemaining(), piece, this);
            return Action.SCHEDULED;
        }
    }
}
