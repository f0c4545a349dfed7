package io.streamlocks.bench;

/** The locks of a contender, for which workers wait. Implementations are thread-safe. */
interface Queues extends AutoCloseable {

    /**
     * Acquires a lock. Blocks until no other worker has it. The same thread must release it.
     *
     * @param worker the number of the worker, from 0
     * @param streamId the stream
     * @return the lock
     */
    Locks.Held acquire(int worker, String streamId) throws Exception;

    @Override
    void close();
}
