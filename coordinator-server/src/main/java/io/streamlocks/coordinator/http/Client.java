package io.streamlocks.coordinator.http;

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

    private volatile boolean closed;
    private volatile boolean inExchange;
    private volatile int exchanges;
    private volatile long beganNanos;

    /** When it was served last. */
    private volatile long servedNanos = openedNanos;

    /** The exchanges and bytes that were seen when no head was on its way. */
    private int exchangesBefore;

    private long bytesBefore;

    private boolean headBegun;
    private long headNanos;

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

    /** The connection is no more. */
    void closed() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    void begin() {
        beganNanos = System.nanoTime();
        inExchange = true;
    }

    /**
     * Called by one thread at a time, since a connection has one exchange at a time.
     *
     * @param served whether its caller was let in: what anybody may ask for keeps no place
     */
    void end(boolean served) {
        if (served) {
            servedNanos = System.nanoTime();
        }
        exchanges++;
        inExchange = false;
    }

    void look(long now) {
        long bytes = bytesIn();
        boolean inExchangeNow = inExchange;
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

    boolean isInExchange() {
        return inExchange;
    }

    /** Whether it may be ended to make room: not while it is served, nor soon after. */
    boolean isExpendable(long now) {
        return !inExchange && (isOwing() || now - servedNanos > ClientLimits.SILENCE_WHEN_FULL.toNanos());
    }

    /** Whether it owes the server a head: the first, or one that it has begun. */
    boolean isOwing() {
        return exchanges == 0 || headBegun;
    }

    /** For how long it has owed a head, or else has not been served. */
    long waitedNanos(long now) {
        if (!isOwing()) {
            return now - servedNanos;
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
