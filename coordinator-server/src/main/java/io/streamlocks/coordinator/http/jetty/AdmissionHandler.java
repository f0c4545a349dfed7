package io.streamlocks.coordinator.http.jetty;

import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Has the API decide about each request before the other handlers see it. This class is thread-safe. */
final class AdmissionHandler extends Handler.Wrapper {

    private final Function<Head, Admission> decide;

    AdmissionHandler(Function<Head, Admission> decide) {
        this.decide = decide;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        request.setAttribute(Admission.ATTRIBUTE, decide.apply(new Head(request)));
        return super.handle(request, response, callback);
    }
}
