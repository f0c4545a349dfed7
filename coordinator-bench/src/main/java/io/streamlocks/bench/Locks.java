package io.streamlocks.bench;

import java.util.Optional;

/** The locks of a contender, with the connections that a number of workers need. Thread-safe. */
interface Locks extends AutoCloseable {

    /** How long a lock lasts if its holder does not end it, everywhere. */
    long TTL_MS = 30_000;

    /** A lock that is held. */
    interface Held {
        void release() throws Exception;
    }

    /**
     * Acquires a lock, or returns at once.
     *
     * @param worker who asks, from 0
     * @param streamId what is locked
     * @return the lock, or empty if somebody else has it
     */
    Optional<Held> tryAcquire(int worker, String streamId) throws Exception;

    /** How often something failed that no call told of. */
    default long failures() {
        return 0;
    }

    @Override
    void close();
}
