package io.streamlocks.coordinator.http;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses what came by the wrong way, before any route sees it: what is not for probes and metrics at their port, and
 * what a web page sends to a server that lets in everybody who reaches the loopback interface. A page's own host name can be
 * made to lead there, and then the browser takes this server for a part of the page; but it tells by which name it came.
 */
final class Entrance extends Handler.Wrapper {

    private static final Set<String> MANAGEMENT_PATHS = Set.of("/livez", "/readyz", "/metrics");

    /** Which nobody can make a name of another site. */
    private static final Pattern LOOPBACK =
            Pattern.compile("(.+\\.)?localhost|127(\\.\\d{1,3}){3}|\\[?(::1|0:0:0:0:0:0:0:1)]?");

    private final boolean isForLoopbackNames;

    /**
     * @param isForLoopbackNames whether requests are refused whose {@code Host} is no name of the loopback interface
     */
    Entrance(boolean isForLoopbackNames) {
        this.isForLoopbackNames = isForLoopbackNames;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (Connectors.isManagement(request.getConnectionMetaData().getConnector())
                && !MANAGEMENT_PATHS.contains(request.getHttpURI().getPath())) {
            Response.writeError(request, response, callback, ProblemType.NOT_FOUND.status);
            return true;
        }
        if (isForLoopbackNames
                && !LOOPBACK.matcher(Request.getServerName(request).toLowerCase(Locale.ROOT))
                        .matches()) {
            Response.writeError(request, response, callback, ProblemType.MISDIRECTED.status);
            return true;
        }
        return super.handle(request, response, callback);
    }
}
