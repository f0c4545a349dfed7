package io.streamlocks.client;

import java.util.Objects;
import java.util.Optional;

/** Does work under a lease on the calling thread, and interrupts it if the lease is lost. */
final class WorkUnderLease {

    private WorkUnderLease() {}

    /**
     * Does work if there is a lease, and releases the lease after it, as {@link StreamLockClient#runWithLease} says.
     */
    static <T, X extends Exception> Optional<T> run(Optional<HeldLease> acquired, LeaseWork<T, X> work) throws X {
        if (acquired.isEmpty()) {
            return Optional.empty();
        }
        HeldLease lease = acquired.get();
        HeldLease.Use use = lease.use();
        Interruption interruption = Interruption.begin();
        lease.life().onTaken(interruption::interrupt);
        Throwable failure = null;
        T result = null;
        try {
            lease.requireSafe();
            result = work.run(lease);
        } catch (Throwable e) {
            failure = e;
        }
        interruption.end();
        try {
            use.close();
            lease.close();
        } finally {
            interruption.leave();
        }
        if (lease.life().isTaken() || lease.loss().isPresent()) {
            LeaseLostException lost = lease.over();
            if (failure != null) {
                lost.addSuppressed(failure);
            }
            throw lost;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw WorkUnderLease.<X>thrownByWork(failure);
        }
        return Optional.of(Objects.requireNonNull(result, "The work returned null"));
    }

    /** The work declares X, so it has thrown an X or something unchecked. */
    @SuppressWarnings("unchecked")
    private static <X extends Exception> X thrownByWork(Throwable failure) {
        return (X) failure;
    }
}
