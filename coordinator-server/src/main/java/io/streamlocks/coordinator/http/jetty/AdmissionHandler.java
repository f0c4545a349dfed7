package io.streamlocks.coordinator.http.jetty;

import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Has the API decide about each request before the other handlers see it. This class is thread-safe. */
final class AdmissionHandler extends Handler.Wrapper {

    private final Function<Head, Admission> decide;
    private final boolean takesLong;

    /**
     * Creates a handler.
     *
     * @param decide decides about a request by its head
     * @param takesLong whether that takes longer than to wake another thread
     */
    AdmissionHandler(Function<Head, Admission> decide, boolean takesLong) {
        this.decide = decide;
        this.takesLong = takesLong;
    }

    @Override
    public InvocationType getInvocationType() {
        return takesLong ? InvocationType.BLOCKING : super.getInvocationType();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        request.setAttribute(Admission.ATTRIBUTE, decide.apply(new Head(request)));
        return super.handle(request, response, callback);
    }
}
