package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Renewal;
import io.streamlocks.client.LeaseLength.Sending;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Extends leases on the threads that ask for it. An extension shares no connection with the heartbeat, because it may
 * hang. Both can be under way for one lease at the same time, and {@link LeaseLength} says what their answers are worth
 * then. This class is thread-safe.
 */
final class Extensions {

    private final LeaseCalls calls;
    private final RenewalOutcomes outcomes;
    private final BiConsumer<HeldLease, Long> begun;
    private final ClientRuntime runtime;

    /**
     * @param begun is called with the lease and the time when an extension is about to be sent, after which the lease
     *     may be shorter
     */
    Extensions(LeaseCalls calls, RenewalOutcomes outcomes, BiConsumer<HeldLease, Long> begun, ClientRuntime runtime) {
        this.calls = calls;
        this.outcomes = outcomes;
        this.begun = begun;
        this.runtime = runtime;
    }

    /** Extends a lease, as {@link HeldLease#extend} says. */
    void extend(HeldLease lease, Duration length) {
        Timing.requireTtl(length);
        long sent = runtime.nanoTime();
        Optional<Sending> sending = lease.life().extend(length, sent);
        if (sending.isEmpty()) {
            lease.requireSafe();
            throw lease.over();
        }
        begun.accept(lease, sent);
        Renewal outcome;
        try {
            outcome = calls.renew(List.of(lease.key()), Optional.of(length)).get(0);
        } catch (RuntimeException e) {
            lease.life().extended(sending.get(), length, false);
            throw e;
        }
        boolean isConfirmed = outcome instanceof Renewal.Renewed renewed && RenewalOutcomes.continues(lease, renewed);
        lease.life().extended(sending.get(), length, isConfirmed);
        List<RuntimeException> unknownCauses = new ArrayList<>();
        outcomes.take(lease, sending.get(), sent, outcome, unknownCauses);
        if (!unknownCauses.isEmpty()) {
            throw unknownCauses.get(0);
        }
        lease.requireSafe();
    }
}
