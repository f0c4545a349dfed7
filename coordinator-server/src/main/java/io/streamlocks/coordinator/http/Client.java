package io.streamlocks.coordinator.http;

import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;

/**
 * One connection, and since when it is being waited for. Begin and end of an exchange may be told by any thread; all else
 * is for one thread at a time.
 */
final class Client {

    private final Connection connection;
    private final String address;
    private final boolean isCounted;
    private final long openedNanos = System.nanoTime();

    private volatile boolean inExchange;
    private volatile int exchanges;
    private volatile long beganNanos;

    /** What there was to be seen when no head was on its way. */
    private int exchangesBefore;

    private long bytesBefore;

    private boolean headBegun;
    private long headNanos;

    /** When there last was anything new. */
    private long newsNanos = openedNanos;

    private long bytesSeen;

    /**
     * @param connection as it is opened
     * @param address where it comes from, as limits count it
     * @param isCounted whether limits count it
     */
    Client(Connection connection, String address, boolean isCounted) {
        this.connection = connection;
        this.address = address;
        this.isCounted = isCounted;
    }

    boolean isCounted() {
        return isCounted;
    }

    String address() {
        return address;
    }

    void close(Throwable why) {
        connection.getEndPoint().close(why);
    }

    void begin() {
        beganNanos = System.nanoTime();
        inExchange = true;
    }

    /** Called by one thread at a time, since a connection has one exchange at a time. */
    void end() {
        exchanges++;
        inExchange = false;
    }

    void look(long now) {
        long bytes = bytesIn();
        boolean inExchangeNow = inExchange;
        if (inExchangeNow || bytes != bytesSeen) {
            bytesSeen = bytes;
            newsNanos = now;
        }
        // Bytes that came since there last was an exchange, or nothing, are of a head that is not complete yet.
        if (inExchangeNow || exchanges != exchangesBefore || bytes == bytesBefore) {
            exchangesBefore = exchanges;
            bytesBefore = bytes;
            headBegun = false;
        } else if (!headBegun) {
            // Not when it may have begun at the earliest: after a pause of this process that would be too long ago.
            headBegun = true;
            headNanos = now;
        }
    }

    boolean isInExchangeForLongerThan(long nanos, long now) {
        return inExchange && now - beganNanos > nanos;
    }

    boolean isInHeadForLongerThan(long nanos, long now) {
        return !inExchange && headBegun && now - headNanos > nanos;
    }

    /** Whether it may be ended to make room: not while it is served, nor soon after. */
    boolean isExpendable(long now) {
        return !inExchange
                && (isOwing()
                        || now - newsNanos > TimeUnit.MILLISECONDS.toNanos(ClientLimits.SILENCE_WHEN_FULL.toMillis()));
    }

    /** Whether it owes the server a head: the first, or one that it has begun. */
    boolean isOwing() {
        return exchanges == 0 || headBegun;
    }

    /** For how long it has owed a head, or else been silent. */
    long waitedNanos(long now) {
        if (!isOwing()) {
            return now - newsNanos;
        }
        return now - (exchanges == 0 ? openedNanos : headNanos);
    }

    /** With TLS those of the handshake too, after which nothing may follow. */
    private long bytesIn() {
        return connection.getEndPoint() instanceof SslConnection.SslEndPoint tls
                ? tls.getSslConnection().getBytesIn()
                : connection.getBytesIn();
    }
}
