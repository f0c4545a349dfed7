package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Telemetry;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.event.Level;

/** Makes each request a {@link Call} before a route sees it. This class is thread-safe. */
final class CallHandler extends Handler.Wrapper {

    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /**
     * Creates a handler.
     *
     * @param errors logs errors of the virtual machine, which Jetty would only turn into a response
     * @param telemetry measures and traces the calls
     */
    CallHandler(RepeatedErrorLog errors, Telemetry telemetry) {
        this.errors = errors;
        this.telemetry = telemetry;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Call call = Call.begin(request, response, telemetry);
        call.enter();
        try {
            return super.handle(request, response, callback);
        } catch (Error e) {
            errors.log(Level.ERROR, e.toString(), "Failed to handle a call", e);
            throw e;
        } finally {
            call.leave();
        }
    }
}
