package io.streamlocks.coordinator.http.jetty;

import java.time.Duration;

/**
 * The limits of all clients together, and of each client. All limits are generous for a client
 * that is merely far away, and low for a client that means harm.
 *
 * @param connections how many connections may be open; beyond that, the connections that have owed a request for
 *     longest are ended
 * @param exchange how long a request may take if its route has no limit of its own; see {@link RouteLimits}. It is far
 *     above the few seconds within which the server itself responds
 * @param body how long the body of a request may take from the end of its head
 * @param heldBytes how much memory may hold bodies of calls without a response, and again as much may hold responses
 *     that have not been read
 */
public record ClientLimits(int connections, Duration exchange, Duration body, long heldBytes) {

    /** Each connection costs a descriptor and a few kB, so all of them take tens of MB. */
    public static final ClientLimits DEFAULT = new ClientLimits(
            10_000,
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Runtime.getRuntime().maxMemory() / 16);

    /**
     * How long a connection is kept from its first request on, a quarter more or less, so that not all end at once. To
     * connect costs as much as a few calls.
     */
    public static final Duration CONNECTION_AGE = Duration.ofSeconds(60);

    /** How long the head of a request may take from its first byte on. */
    static final Duration HEAD = Duration.ofSeconds(5);

    /** How many connections the management port has; further ones wait until one ends. */
    static final int MANAGEMENT_CONNECTIONS = 256;

    /** For how long a connection that was served may be silent while others wait for its place. */
    static final Duration SILENCE_WHEN_FULL = Duration.ofSeconds(2);

    /**
     * How long a request may take while the server stops, and how long its client may stay connected. The server waits
     * a little longer than this.
     */
    static final Duration EXCHANGE_WHEN_STOPPING = Duration.ofSeconds(4);

    /**
     * About how much the operating system holds in each direction of a connection. Without this it would hold several
     * MB of responses for each client that does not read them.
     */
    static final int SOCKET_BUFFER = 256 * 1024;

    /** How many connections the operating system may take in advance, so that a burst of them is not refused. */
    static final int ACCEPT_QUEUE = 1024;
}
