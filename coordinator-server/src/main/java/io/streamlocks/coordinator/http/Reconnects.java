package io.streamlocks.coordinator.http;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Has clients connect anew: while this server is stopping, so that they go to another one; and now and then, so that a
 * server that joins gets its part of those who keep their connections. An answer says so, and the connection ends behind it:
 * no request is cut off. Thread-safe.
 */
final class Reconnects extends Handler.Wrapper {

    /**
     * How long a connection is kept from its first request on, a quarter more or less, so that not all end at once. To
     * connect costs as much as a few calls.
     */
    static final Duration AGE = Duration.ofSeconds(60);

    private static final String KEPT_UNTIL = Reconnects.class.getName();

    private final Gate gate;
    private final LongSupplier nanoTime;

    /**
     * @param gate tells whether the server is stopping
     * @param nanoTime a monotonic clock, {@link System#nanoTime} outside of tests
     */
    Reconnects(Gate gate, LongSupplier nanoTime) {
        this.gate = gate;
        this.nanoTime = nanoTime;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (gate.isStopping() || isOld(request.getConnectionMetaData())) {
            response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
        }
        return super.handle(request, response, callback);
    }

    private boolean isOld(ConnectionMetaData connection) {
        long now = nanoTime.getAsLong();
        if (connection.getAttribute(KEPT_UNTIL) instanceof Long until) {
            return now - until >= 0;
        }
        long age = AGE.toNanos();
        connection.setAttribute(
                KEPT_UNTIL, now + age * 3 / 4 + ThreadLocalRandom.current().nextLong(age / 2));
        return false;
    }
}
