package io.streamlocks.bench;

import java.util.Optional;

/** The locks of a contender, with connections for a number of workers. Implementations are thread-safe. */
interface Locks extends AutoCloseable {

    /** The ttl of locks, which is the same for all contenders. */
    long TTL_MS = 30_000;

    /** A lock that is held. */
    interface Held {
        void release() throws Exception;
    }

    /**
     * Acquires a lock. Does not wait for a lock that another worker has.
     *
     * @param worker the number of the worker, from 0
     * @param streamId the stream
     * @return the lock, or empty if another worker has it
     */
    Optional<Held> tryAcquire(int worker, String streamId) throws Exception;

    /** Returns the number of failures that no call reported. */
    default long failures() {
        return 0;
    }

    @Override
    void close();
}
