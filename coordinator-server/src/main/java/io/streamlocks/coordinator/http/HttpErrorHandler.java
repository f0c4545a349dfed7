package io.streamlocks.coordinator.http;

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
 * Problems for the errors that end a request before any route sees it: bad HTTP, headers that are too large, a server
 * that is stopping. Jetty's own page would be HTML, and tell of its version and causes.
 */
final class HttpErrorHandler extends ErrorHandler {

    private final Telemetry telemetry;
    private final IntSupplier maxHeadBytes;

    /**
     * @param telemetry counts what is refused here
     * @param maxHeadBytes how large the head of a request may be; asked for once the server is started
     */
    HttpErrorHandler(Telemetry telemetry, IntSupplier maxHeadBytes) {
        this.telemetry = telemetry;
        this.maxHeadBytes = maxHeadBytes;
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
        byte[] body = Json.write(new Responses.Refusal(problem(status), call.requestId()));
        HttpFields.Mutable headers = response.getHeaders();
        headers.put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        headers.put(HttpHeader.CONTENT_LENGTH, body.length);
        // The handler that sets them for all routes may not have been reached.
        SecurityHeaders.set("", headers::put);
        // It is ended, so say so: a client would send its next request on it, and not know what became of that.
        headers.put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
        if (status == 503) {
            headers.put(HttpHeader.RETRY_AFTER, "1");
        }
        response.write(true, ByteBuffer.wrap(body), callback);
    }

    private Problem problem(int status) {
        return switch (status) {
            // Jetty refuses requests only once its graceful stop has begun.
            case 503 -> Gate.draining();
            case 500 -> Problem.of(ProblemType.INTERNAL_ERROR, "The coordinator failed to handle the call.");
            // Only the port of probes and metrics gets here: the routes refuse all other paths.
            case 404 -> Problem.of(ProblemType.NOT_FOUND, "This port serves /livez, /readyz and /metrics alone.");
            case 421 ->
                Problem.of(
                        ProblemType.MISDIRECTED,
                        "Everybody may do everything here, so that only requests for localhost, a name below it,"
                                + " 127.0.0.0/8 or [::1] are taken. Call it by one of these; or, for other names, set"
                                + " tokens, or AUTH=none.");
            case 414, 431 ->
                Problem.of(
                                ProblemType.BAD_REQUEST,
                                "The line and the headers of a request may have " + maxHeadBytes.getAsInt()
                                        + " bytes together. The server's HTTP_MAX_HEAD_BYTES allows up to 32768.")
                        .withStatus(status);
            // What of it is wrong is not told here; the path may not even be known.
            default ->
                Problem.of(
                                ProblemType.BAD_REQUEST,
                                "The request is not HTTP as this server takes it: its line, the percent-encoding of"
                                        + " its path, or its headers.")
                        .withStatus(status);
        };
    }
}
