package io.streamlocks.client;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * The lengths of time that a client works with. Settings fix some of them. The others follow from the length of the
 * leases that the coordinator grants: if no ttl is set, the coordinator chooses it, and the first grant reports it.
 *
 * <p>The leases of one client can have different lengths: an acquire or an extension can name one, and the
 * coordinator's default can change while leases are live. A renewal keeps the length that its lease has. So the
 * heartbeat follows the shortest lease that is held. Leases that are not renewed do not count here.
 *
 * <p>This class is thread-safe.
 */
final class Timing {

    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(5);

    /**
     * The coordinator keeps a place for 5 s after a call. The rest of them must be enough to repeat the call at another
     * server.
     */
    private static final Duration LONGEST_WAIT_REQUEST = Duration.ofSeconds(3);

    /** The least time for a try of an acquire at one of several servers, if a request may take so long. */
    private static final Duration LEAST_TRY = Duration.ofMillis(100);

    /** The HTTP client takes less than this as no time-out at all. */
    private static final Duration LEAST_TIMEOUT = Duration.ofMillis(1);

    /** Stands for the length of leases until the first grant. No lease is held then, so nothing is renewed by it. */
    private static final Duration ASSUMED_LENGTH = Duration.ofSeconds(30);

    private final Optional<Duration> ttl;
    private final Optional<Duration> heartbeatInterval;
    private final Optional<Duration> requestTimeout;
    private final Duration acquireTimeout;

    /** The length of the shortest lease that is held. It is written under this object's monitor. */
    private volatile Duration shortest;

    /** The length of the longest lease so far. It is written under this object's monitor. */
    private volatile Duration longest;

    private boolean anyGranted;

    /** The lengths of the leases that acquires under way ask for, of those that name one. */
    private final Collection<Duration> asked = new ConcurrentLinkedQueue<>();

    /**
     * @param ttl the length of leases; empty for the coordinator's default
     * @param heartbeatInterval the time between renewals; empty for a third of a lease's length
     * @param requestTimeout empty for a quarter of a lease's length, and 5 s at most
     * @param acquireTimeout for how long an acquire without an answer is repeated
     * @throws IllegalArgumentException if a setting is out of its range, or the settings do not go together
     */
    Timing(
            Optional<Duration> ttl,
            Optional<Duration> heartbeatInterval,
            Optional<Duration> requestTimeout,
            Duration acquireTimeout) {
        ttl.ifPresent(Timing::requireTtl);
        heartbeatInterval.ifPresent(interval -> {
            require(isPositive(interval), "heartbeatInterval must be positive");
            ttl.ifPresent(length -> require(
                    isSoonEnough(interval, length),
                    "heartbeatInterval must be below the ttl less a tenth, or every lease is lost before it is"
                            + " renewed"));
        });
        requestTimeout.ifPresent(time -> require(isPositive(time), "requestTimeout must be positive"));
        require(isPositive(acquireTimeout), "acquireTimeout must be positive");
        this.ttl = ttl;
        this.heartbeatInterval = heartbeatInterval;
        this.requestTimeout = requestTimeout;
        this.acquireTimeout = acquireTimeout;
        this.shortest = ttl.orElse(ASSUMED_LENGTH);
        this.longest = shortest;
    }

    /**
     * Checks the length of a lease.
     *
     * @throws IllegalArgumentException if it is out of its range
     */
    static void requireTtl(Duration length) {
        require(
                length.compareTo(ContractLimits.MIN_TTL) >= 0 && length.compareTo(ContractLimits.MAX_TTL) <= 0,
                "ttl must be from 1 s to 24 h");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private static boolean isPositive(Duration duration) {
        return duration.compareTo(Duration.ZERO) > 0;
    }

    private static boolean isSoonEnough(Duration interval, Duration length) {
        return interval.compareTo(length.minus(margin(length))) < 0;
    }

    /** Returns the ttl to send with an acquire; empty for the coordinator's default. */
    Optional<Duration> ttl() {
        return ttl;
    }

    /** Returns the time to stop in, and for clocks of which one runs faster than the other: a tenth of the length. */
    static Duration margin(Duration length) {
        return length.dividedBy(10);
    }

    /**
     * Returns the moment until which a lease is safe.
     *
     * @param sentNanos when the request was sent that the coordinator answered
     * @param expiresIn the time left, as the answer says
     * @param length the length of the lease, of which a part is the margin
     */
    static long safeUntil(long sentNanos, Duration expiresIn, Duration length) {
        return sentNanos + expiresIn.minus(margin(length)).toNanos();
    }

    /**
     * Takes in the length of a renewed lease that is held already.
     *
     * @return whether leases must be renewed more often from now on
     */
    synchronized boolean held(Duration length) {
        Duration before = interval();
        boolean isKnown = anyGranted || ttl.isPresent();
        longest = isKnown && longest.compareTo(length) > 0 ? longest : length;
        shortest = isKnown && shortest.compareTo(length) < 0 ? shortest : length;
        anyGranted = true;
        return interval().compareTo(before) < 0;
    }

    /**
     * Takes in that an acquire asks for a lease of this length. Its answer must come while the lease is safe. A call
     * that waits does not ask: nobody knows when its lease is granted, and an early end costs its place in the queue.
     * Call {@link #answered} when the acquire is over.
     */
    void asks(Duration length) {
        asked.add(length);
    }

    /** Takes in that an acquire is over that has asked for a lease of this length. */
    void answered(Duration length) {
        asked.remove(length);
    }

    /**
     * Follows the leases that are held now. A lease that is added before {@link #held} is called for it is in the
     * shortest length after both calls, in whichever order they come: this method looks at the leases under the
     * monitor.
     *
     * @param shortestHeld finds the length of the shortest that is renewed; empty if none is held
     */
    synchronized void adapt(Supplier<Optional<Duration>> shortestHeld) {
        shortestHeld.get().or(() -> ttl).ifPresent(length -> shortest = length);
    }

    /**
     * Returns the time between renewals. If the one that is set is too long for the leases, a third of their length.
     */
    Duration interval() {
        Duration length = shortest;
        return heartbeatInterval
                .filter(interval -> isSoonEnough(interval, length))
                .orElseGet(() -> length.dividedBy(3));
    }

    /** Returns how long a call may wait for a connection, and for its answer, each. */
    Duration requestTimeout() {
        return requestTimeout.orElseGet(() -> requestTimeout(shortest));
    }

    private static Duration requestTimeout(Duration length) {
        return shorter(length.dividedBy(4), LONGEST_REQUEST);
    }

    /**
     * Returns how long a call that waits at the coordinator may wait for a connection, and may be late with its answer,
     * each.
     */
    Duration waitTimeout() {
        return shorter(requestTimeout(), LONGEST_WAIT_REQUEST);
    }

    /**
     * Returns how long one try of an acquire may wait for a connection, and for its answer, each. If there are several
     * servers, the acquire can be tried at each of them before its time is up.
     */
    Duration acquireTryTimeout(int servers) {
        Duration timeout = requestTimeout();
        if (requestTimeout.isEmpty()) {
            for (Duration length : asked) {
                timeout = shorter(timeout, requestTimeout(length));
            }
        }
        if (servers > 1) {
            timeout = shorter(timeout, longer(acquireTimeout.dividedBy(servers + 1L), LEAST_TRY));
        }
        return longer(timeout, LEAST_TIMEOUT);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    /** Returns for how long an acquire without an answer is repeated. */
    Duration acquireTimeout() {
        return acquireTimeout;
    }

    /** Returns the length of the longest lease so far, or an assumed length until the first grant. */
    Duration longestLease() {
        return longest;
    }

    /** Returns how long the threads of a client that holds nothing may sleep. */
    Duration idle() {
        return shortest;
    }
}
