package io.streamlocks.coordinator.http;

import java.time.Duration;

/**
 * What clients may take of a server together, and each of them alone. All of it is generous to a client that is merely
 * far away, and small beside what one that means harm would take.
 *
 * @param connections how many may be open; for those beyond, the ones are ended that have owed a request for longest
 * @param exchange how long a request may take from its first byte to the last of its answer, however steadily the bytes
 *     come; far above the few seconds within which the server itself answers
 * @param body how long the body of a request may take from the end of its head
 * @param heldBytes how much memory may hold bodies whose calls are not answered yet, and as much again answers that are not
 *     read yet
 */
record ClientLimits(int connections, Duration exchange, Duration body, long heldBytes) {

    /** Each connection costs a descriptor and a few kB, so that the most of them are tens of MB. */
    static final ClientLimits DEFAULT = new ClientLimits(
            10_000,
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Runtime.getRuntime().maxMemory() / 16);

    /** How long the head of a request may take from its first byte on. */
    static final Duration HEAD = Duration.ofSeconds(5);

    /** How many connections the port of probes and metrics has; those beyond wait until one ends. */
    static final int MANAGEMENT_CONNECTIONS = 256;

    /** For how long a connection that was served may be silent while others want its place. */
    static final Duration SILENCE_WHEN_FULL = Duration.ofSeconds(2);

    /** How long a request may take while the server stops, which waits a little longer than this. */
    static final Duration EXCHANGE_WHEN_STOPPING = Duration.ofSeconds(4);

    /**
     * What the operating system holds in each direction of a connection, about. By itself it would hold several MB of
     * answers for each client that does not read them.
     */
    static final int SOCKET_BUFFER = 256 * 1024;

    /** How many connections the operating system may take in advance; a burst of them is not refused. */
    static final int ACCEPT_QUEUE = 1024;
}
