package io.streamlocks.coordinator.http.jetty;

import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses requests that came by the wrong way before a route sees them. At the management port these are requests for
 * paths that are not served there. On a server that lets in everybody who reaches the loopback interface, these are
 * requests from web pages: the host name of a page can be made to lead there, and the browser then takes this server
 * for a part of the page, but it sends that host name. This class is thread-safe.
 */
final class Entrance extends Handler.Wrapper {

    /** The names and addresses of the loopback interface, which cannot be made the name of another site. */
    private static final Pattern LOOPBACK =
            Pattern.compile("(.+\\.)?localhost|127(\\.\\d{1,3}){3}|\\[?(::1|0:0:0:0:0:0:0:1)]?");

    private final Executor threads;
    private final boolean isForLoopbackNames;
    private final Predicate<String> isForManagement;

    /**
     * Creates a handler.
     *
     * @param threads send the refusals
     * @param isForLoopbackNames whether requests are refused whose {@code Host} is not a name of the loopback interface
     * @param isForManagement returns whether a path is served at the management port
     */
    Entrance(Executor threads, boolean isForLoopbackNames, Predicate<String> isForManagement) {
        this.threads = threads;
        this.isForLoopbackNames = isForLoopbackNames;
        this.isForManagement = isForManagement;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (Connectors.isManagement(request.getConnectionMetaData().getConnector())
                && !isForManagement.test(request.getHttpURI().getPath())) {
            refuse(request, response, callback, HttpStatus.NOT_FOUND_404);
            return true;
        }
        if (isForLoopbackNames
                && !LOOPBACK.matcher(Request.getServerName(request).toLowerCase(Locale.ROOT))
                        .matches()) {
            refuse(request, response, callback, HttpStatus.MISDIRECTED_REQUEST_421);
            return true;
        }
        return super.handle(request, response, callback);
    }

    private void refuse(Request request, Response response, Callback callback, int status) {
        // This thread would read on at once, as in CallHandler.
        threads.execute(() -> Response.writeError(request, response, callback, status));
    }
}
