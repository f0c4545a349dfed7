package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.telemetry.Telemetry;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Makes each request a {@link Call}, before any route sees it. */
final class CallHandler extends Handler.Wrapper {

    private final Telemetry telemetry;

    CallHandler(Telemetry telemetry) {
        this.telemetry = telemetry;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Call call = Call.begin(request, response, telemetry);
        call.enter();
        try {
            return super.handle(request, response, callback);
        } finally {
            call.leave();
        }
    }
}
