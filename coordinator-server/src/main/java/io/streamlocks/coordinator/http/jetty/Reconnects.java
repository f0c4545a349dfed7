package io.streamlocks.coordinator.http.jetty;

import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Makes clients connect anew: to another server while this one is stopping, and now and then otherwise, so that a
 * server that joins gets its share of the clients that keep their connections. A response announces the end of its
 * connection, so no request is cut off. This class is thread-safe.
 */
final class Reconnects extends Handler.Wrapper {

    private static final String KEPT_UNTIL = Reconnects.class.getName();

    private final BooleanSupplier sendsClientsAway;
    private final LongSupplier nanoTime;

    /**
     * Creates a handler.
     *
     * @param sendsClientsAway returns whether the server is stopping
     * @param nanoTime a monotonic clock
     */
    Reconnects(BooleanSupplier sendsClientsAway, LongSupplier nanoTime) {
        this.sendsClientsAway = sendsClientsAway;
        this.nanoTime = nanoTime;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (sendsClientsAway.getAsBoolean() || isOld(request.getConnectionMetaData())) {
            response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
        }
        return super.handle(request, response, callback);
    }

    private boolean isOld(ConnectionMetaData connection) {
        long now = nanoTime.getAsLong();
        if (connection.getAttribute(KEPT_UNTIL) instanceof Long until) {
            return now - until >= 0;
        }
        long age = ClientLimits.CONNECTION_AGE.toNanos();
        connection.setAttribute(
                KEPT_UNTIL, now + age * 3 / 4 + ThreadLocalRandom.current().nextLong(age / 2));
        return false;
    }
}
