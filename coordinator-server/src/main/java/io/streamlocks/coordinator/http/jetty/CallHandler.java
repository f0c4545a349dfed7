package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.event.Level;

/**
 * Makes each request a {@link Call}, and has it handled: directly, or by the framework. This class is thread-safe.
 */
final class CallHandler extends Handler.Wrapper {

    private final Function<Call, Optional<DirectRoute>> direct;
    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /**
     * Creates a handler.
     *
     * @param direct returns the handling of a call that does not pass through the framework
     * @param errors logs errors of the virtual machine, which Jetty would only turn into a response
     * @param telemetry measures and traces the calls
     */
    CallHandler(Function<Call, Optional<DirectRoute>> direct, RepeatedErrorLog errors, Telemetry telemetry) {
        this.direct = direct;
        this.errors = errors;
        this.telemetry = telemetry;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Call call = Call.begin(request, response, telemetry);
        call.enter();
        try {
            Optional<DirectRoute> route = direct.apply(call);
            if (route.isEmpty()) {
                return super.handle(request, response, callback);
            }
            route.get().handle().whenComplete((reply, failure) -> {
                if (failure == null) {
                    ResponseWriter.send(response, reply, callback);
                } else {
                    Response.writeError(request, response, callback, failure);
                }
            });
            return true;
        } catch (Error e) {
            errors.log(Level.ERROR, e.toString(), "Failed to handle a call", e);
            throw e;
        } finally {
            call.leave();
        }
    }
}
