package io.streamlocks.client;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.hc.client5.http.impl.DefaultClientConnectionReuseStrategy;
import org.apache.hc.core5.http.ConnectionReuseStrategy;
import org.apache.hc.core5.http.EndpointDetails;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.http.protocol.HttpCoreContext;

/**
 * Closes a connection after the first answer past its age, so that a client spreads to servers that have joined. Each
 * connection has an age of its own, up to a fifth below or above the given one: connections that were opened together,
 * as after an outage, must not all be opened again together. This class is thread-safe.
 */
final class ConnectionAge implements ConnectionReuseStrategy {

    private static final double JITTER = 0.2;

    private final Duration age;

    /**
     * When each connection is too old. The pool's time to live is the same for all connections. The only part of a
     * connection that a strategy sees are the endpoint details, which are one object for as long as the connection
     * lasts.
     */
    private final Map<EndpointDetails, Long> ends = Collections.synchronizedMap(new WeakHashMap<>());

    ConnectionAge(Duration age) {
        this.age = age;
    }

    @Override
    public boolean keepAlive(HttpRequest request, HttpResponse response, HttpContext context) {
        return !isTooOld(context)
                && DefaultClientConnectionReuseStrategy.INSTANCE.keepAlive(request, response, context);
    }

    private boolean isTooOld(HttpContext context) {
        if (!(context instanceof HttpCoreContext core) || core.getEndpointDetails() == null) {
            return false;
        }
        long now = System.nanoTime();
        long end = ends.computeIfAbsent(core.getEndpointDetails(), first -> now + newAgeNanos());
        return now - end >= 0;
    }

    /** Returns the age for a connection that is seen for the first time. */
    long newAgeNanos() {
        return (long) (age.toNanos() * ThreadLocalRandom.current().nextDouble(1 - JITTER, 1 + JITTER));
    }
}
