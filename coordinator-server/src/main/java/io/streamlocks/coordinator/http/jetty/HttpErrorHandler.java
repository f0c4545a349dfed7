package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.IntSupplier;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Responds to requests that end before a route sees them: bad HTTP, a head that is too large, the wrong port. Jetty's
 * own page would be HTML, and would contain its version and the causes. This class is thread-safe.
 */
final class HttpErrorHandler extends ErrorHandler {

    private final Transport.ErrorBody errorBody;
    private final IntSupplier maxHeadBytes;
    private final Telemetry telemetry;

    /**
     * Creates a handler.
     *
     * @param errorBody makes the bodies
     * @param maxHeadBytes returns how large the head of a request may be; called once the server has started
     * @param telemetry counts the refused requests
     */
    HttpErrorHandler(Transport.ErrorBody errorBody, IntSupplier maxHeadBytes, Telemetry telemetry) {
        this.errorBody = errorBody;
        this.maxHeadBytes = maxHeadBytes;
        this.telemetry = telemetry;
    }

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    protected void generateResponse(
            Request request, Response response, int status, String message, Throwable cause, Callback callback)
            throws IOException {
        Call call = Call.refused(request, response, status, telemetry);
        HttpFields.Mutable headers = response.getHeaders();
        byte[] body = errorBody.write(status, call.requestId(), maxHeadBytes.getAsInt(), headers::put);
        headers.put(HttpHeader.CONTENT_LENGTH, body.length);
        // Jetty ends the connection. A client that is not informed would send its next request on it, and would not
        // know what became of that request.
        headers.put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
        response.write(true, ByteBuffer.wrap(body), callback);
    }
}
