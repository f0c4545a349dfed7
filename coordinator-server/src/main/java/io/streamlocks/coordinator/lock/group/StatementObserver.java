package io.streamlocks.coordinator.lock.group;

import java.util.function.Consumer;

/**
 * Hears what becomes of the calls to a {@link GroupCommit}, before their callers do. Must be quick, and must not throw.
 * Thread-safe.
 */
public interface StatementObserver {

    /** Hears nothing. */
    StatementObserver NONE = new StatementObserver() {
        @Override
        public Consumer<Execution> asked() {
            return null;
        }

        @Override
        public void waited(Kind kind, long nanos) {
            // Nobody wants to know.
        }

        @Override
        public void refused(Limit limit) {
            // Nobody wants to know.
        }
    };

    /** What a caller has met. */
    enum Limit {
        /** He has as many requests waiting as he may beside those of others. */
        REQUESTS_OF_CALLER,

        /** He has as many reads waiting as he may. */
        READS_OF_CALLER,

        /** There was no time for all of his call, as when it asks for a thousand different things of one stream. */
        UNFINISHED
    }

    /**
     * A call begins to wait; the thread is the caller's.
     *
     * @return is told of the statement that carries the call out; null for nobody
     */
    Consumer<Execution> asked();

    /**
     * A call waits no more: it was carried out, or has waited for too long.
     *
     * @param kind what it asked for
     * @param nanos how long it waited
     */
    void waited(Kind kind, long nanos);

    /**
     * A call, or a part of it, is refused for what its caller has asked for.
     *
     * @param limit what he has met
     */
    void refused(Limit limit);
}
