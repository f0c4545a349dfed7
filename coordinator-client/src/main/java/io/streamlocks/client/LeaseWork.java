package io.streamlocks.client;

/**
 * Work that is done while a lease is held.
 *
 * @param <T> the result of the work
 * @param <X> what the work throws; the compiler infers {@link RuntimeException} for a lambda that throws nothing
 *     checked
 */
@FunctionalInterface
public interface LeaseWork<T, X extends Exception> {

    /**
     * Does the work. The thread is interrupted when the lease is lost; stop then.
     *
     * @param lease the lease that covers the work
     * @return the result
     * @throws X if the work fails
     */
    T run(HeldLease lease) throws X;
}
