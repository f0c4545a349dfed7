package io.streamlocks.coordinator.http;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * Where a server listens, and for whom.
 *
 * @param host the address or name of the interface
 * @param port the port, 0 for any that is free
 * @param managementPort one more port, for probes and metrics alone, in plain HTTP and beside the limits of connections; 0
 *     for any that is free, empty for none
 * @param connectionsPerAddress how many connections an address may have at the port
 * @param idleTimeout how long a connection may stay open on which nothing is said
 * @param maxHeadBytes how large the line and the headers of a request may be together, from 8 KiB on
 * @param isForLoopbackNames whether requests are refused whose {@code Host} is no name of the loopback interface
 */
public record Listening(
        String host,
        int port,
        OptionalInt managementPort,
        int connectionsPerAddress,
        Duration idleTimeout,
        int maxHeadBytes,
        boolean isForLoopbackNames) {

    /** A quarter of all that there may be: one address leaves room for others. */
    public static final int CONNECTIONS_PER_ADDRESS = ClientLimits.DEFAULT.connections() / 4;

    /**
     * Longer than common proxies keep a connection that they do not use: whoever hangs up first must be the one who sends
     * requests, or else one is sent on a connection that is no more.
     */
    public static final Duration IDLE_TIMEOUT = Duration.ofSeconds(75);

    /** Enough for a token of some kB. */
    public static final int MAX_HEAD_BYTES = 8 * 1024;

    /** At one port, whatever requests have for a {@code Host}. */
    public static Listening at(String host, int port) {
        return new Listening(
                host, port, OptionalInt.empty(), CONNECTIONS_PER_ADDRESS, IDLE_TIMEOUT, MAX_HEAD_BYTES, false);
    }
}
