package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Renewal;
import io.streamlocks.client.LeaseLength.Sending;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Takes in the outcomes of renewals and extensions.
 *
 * @param releaseUnused releases a lease that nobody uses
 * @param shorter is called with a lease that has become shorter, and the time when the request was sent that told so
 */
record RenewalOutcomes(Consumer<HeldLease> releaseUnused, BiConsumer<HeldLease, Long> shorter) {

    /**
     * Takes in one outcome, and adds the cause if it is unknown.
     *
     * @param sending what the lease returned when the request was about to be sent
     * @param sentNanos when that was
     * @return whether the lease continues, as far as the coordinator is concerned
     */
    boolean take(
            HeldLease lease,
            Sending sending,
            long sentNanos,
            Renewal outcome,
            List<? super RuntimeException> unknownCauses) {
        return outcome.match(new Renewal.Cases<>() {
            @Override
            public Boolean renewed(Renewal.Renewed renewed) {
                if (!continues(lease, renewed)) {
                    // A fail-over has lost the grant and kept the place in the queue, which was granted once more.
                    // Others may have held the stream in between, so the resource may refuse the token of this lease.
                    lease.life().feed(new BeatOutcome.Lost(LossReason.SUPERSEDED));
                    releaseUnused.accept(lease);
                    return false;
                }
                lease.othersWait(renewed.waiting());
                if (lease.life().confirmed(sending, sentNanos, renewed.expiresIn())) {
                    shorter.accept(lease, sentNanos);
                }
                return true;
            }

            @Override
            public Boolean lost(Renewal.Lost lost) {
                lease.life().feed(new BeatOutcome.Lost(lost.reason(), lost.breakReason()));
                return false;
            }

            @Override
            public Boolean unknown(Renewal.Unknown unknown) {
                unknownCauses.add(unknown.cause());
                return false;
            }
        });
    }

    /** Returns whether an answer is about the grant of this lease. */
    static boolean continues(HeldLease lease, Renewal.Renewed renewed) {
        return renewed.fencingToken() == lease.fencingToken();
    }
}
