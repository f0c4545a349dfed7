package io.streamlocks.coordinator.http.jetty;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;

/**
 * A connection, and how long the server has waited for it. Any thread may begin and end an exchange, and one thread at
 * a time may do everything else.
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
    private volatile long maxExchangeNanos;

    /** When it was served last. */
    private volatile long servedNanos = openedNanos;

    /** The numbers of exchanges and bytes at the last look at which no head was on its way. */
    private int exchangesBefore;

    private long bytesBefore;

    private boolean headBegun;
    private long headNanos;

    /**
     * Creates a client.
     *
     * @param connection has just been opened
     * @param address by which limits count it
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

    /** Records that the connection has been closed. */
    void closed() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    /**
     * Begins an exchange.
     *
     * @param maxNanos how long it may take
     */
    void begin(long maxNanos) {
        beganNanos = System.nanoTime();
        maxExchangeNanos = maxNanos;
        inExchange = true;
    }

    /**
     * Ends an exchange. One thread at a time calls this, because a connection has one exchange at a time.
     *
     * @param served whether its caller was let in: a request that anybody may send does not keep a place
     */
    void end(boolean served) {
        if (served) {
            servedNanos = System.nanoTime();
        }
        exchanges++;
        inExchange = false;
    }

    /** Looks whether a head is on its way. */
    void look(long now) {
        long bytes = bytesIn();
        boolean inExchangeNow = inExchange;
        // Bytes that came outside of an exchange belong to a head that is not complete yet.
        if (inExchangeNow || exchanges != exchangesBefore || bytes == bytesBefore) {
            exchangesBefore = exchanges;
            bytesBefore = bytes;
            headBegun = false;
        } else if (!headBegun) {
            // The head may have begun earlier. After a pause of this process, that time could be too long ago.
            headBegun = true;
            headNanos = now;
        }
    }

    /**
     * Returns whether an exchange takes longer than it may.
     *
     * @param atMost a limit that applies in addition to that of the exchange
     */
    boolean isSlowInExchange(long atMost, long now) {
        return inExchange && now - beganNanos > Math.min(atMost, maxExchangeNanos);
    }

    /** Returns how long its latest exchange may take. */
    long maxExchangeNanos() {
        return maxExchangeNanos;
    }

    boolean isInHeadForLongerThan(long nanos, long now) {
        return !inExchange && headBegun && now - headNanos > nanos;
    }

    boolean isInExchange() {
        return inExchange;
    }

    /** Returns whether it may be ended to make room, which is not the case while it is served, and soon after. */
    boolean isExpendable(long now) {
        return !inExchange && (isOwing() || now - servedNanos > ClientLimits.SILENCE_WHEN_FULL.toNanos());
    }

    /** Returns whether it owes the server a head: its first one, or one that it has begun. */
    boolean isOwing() {
        return exchanges == 0 || headBegun;
    }

    /** Returns for how long it has owed a head or, if it owes none, for how long it has not been served. */
    long waitedNanos(long now) {
        if (!isOwing()) {
            return now - servedNanos;
        }
        return now - (exchanges == 0 ? openedNanos : headNanos);
    }

    /** With TLS this counts the bytes of the handshake, too: nothing may follow after it. */
    private long bytesIn() {
        return connection.getEndPoint() instanceof SslConnection.SslEndPoint tls
                ? tls.getSslConnection().getBytesIn()
                : connection.getBytesIn();
    }
}
