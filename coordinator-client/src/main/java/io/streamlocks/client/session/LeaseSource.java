package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;

/** Where a registry has the leases of its sessions from. This is thread-safe. */
interface LeaseSource {

    /**
     * Takes note that streams have events, before the events are routed. This may block for calls.
     *
     * @param time how long the streams count as having events, if this is not called for them again
     */
    void prepare(Collection<String> streamIds, Duration time);

    /** Returns whether {@link #acquire} may return a lease for a stream without a session. */
    boolean offers(String streamId);

    /** Returns the lease of a stream; empty if there is none now. The caller must open a session or close the lease. */
    Optional<HeldLease> acquire(String streamId);

    /**
     * Takes note, without blocking, that streams had events and no lease.
     *
     * @param time how long they are wanted, if this is not called for them again
     */
    void want(Collection<String> streamIds, Duration time);

    /** Hands out no lease any more. Places in queues are given up, and leases that no session has are released. */
    void close();
}
