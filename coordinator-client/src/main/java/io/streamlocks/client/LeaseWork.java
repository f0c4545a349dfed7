package io.streamlocks.client;

/**
 * Work that is done while a lease is held.
 *
 * @param <T> what it results in
 */
@FunctionalInterface
public interface LeaseWork<T> {

    /**
     * Does the work. The thread is interrupted when the lease is lost; stop then.
     *
     * @param lease the lease that covers the work
     * @return the result
     * @throws Exception whatever the work throws
     */
    T run(HeldLease lease) throws Exception;
}
