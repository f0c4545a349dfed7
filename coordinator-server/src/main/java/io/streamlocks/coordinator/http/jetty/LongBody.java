package io.streamlocks.coordinator.http.jetty;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** Sends a body that does not fit into the buffer of its response. One thread at a time calls this class. */
final class LongBody implements WriteListener {

    private final ServletOutputStream out;
    private final byte[] body;
    private final CompletableFuture<Void> sent;
    private boolean begun;

    LongBody(ServletOutputStream out, byte[] body, CompletableFuture<Void> sent) {
        this.out = out;
        this.body = body;
        this.sent = sent;
    }

    @Override
    public void onWritePossible() throws IOException {
        if (!begun) {
            begun = true;
            out.write(body);
        }
        if (out.isReady()) {
            sent.complete(null);
        }
    }

    @Override
    public void onError(Throwable failure) {
        // The client has gone, so nobody reads the response.
        sent.complete(null);
    }
}
