package io.streamlocks.coordinator.http.jetty;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * This record says where a server listens, and for whom.
 *
 * @param host the address or name of the interface
 * @param port the port, 0 for any that is free
 * @param managementPort a second port for probes and metrics only, in plain HTTP and outside the limits of connections;
 *     0 for any that is free, empty for none
 * @param connectionsPerAddress how many connections an address may have at the main port
 * @param idleTimeout how long a connection may stay open without a byte in either direction
 * @param maxHeadBytes how large the line and the headers of a request may be together, at least 8 KiB
 * @param isForLoopbackNames whether requests are refused whose {@code Host} is not a name of the loopback interface
 */
public record Listening(
        String host,
        int port,
        OptionalInt managementPort,
        int connectionsPerAddress,
        Duration idleTimeout,
        int maxHeadBytes,
        boolean isForLoopbackNames) {

    /** A quarter of all connections, so that one address leaves room for others. */
    public static final int CONNECTIONS_PER_ADDRESS = ClientLimits.DEFAULT.connections() / 4;

    /**
     * Longer than common proxies keep a connection that they do not use. The side that sends requests must be the first
     * to end a connection; otherwise it may send a request on a connection that has ended.
     */
    public static final Duration IDLE_TIMEOUT = Duration.ofSeconds(75);

    /** Enough for a token of some kB. */
    public static final int MAX_HEAD_BYTES = 8 * 1024;

    /** Listens at one port, and accepts requests with any {@code Host}. */
    public static Listening at(String host, int port) {
        return new Listening(
                host, port, OptionalInt.empty(), CONNECTIONS_PER_ADDRESS, IDLE_TIMEOUT, MAX_HEAD_BYTES, false);
    }
}
