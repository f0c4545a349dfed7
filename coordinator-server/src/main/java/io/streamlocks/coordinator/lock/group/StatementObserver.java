package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.StatementKind;
import java.util.function.Consumer;

/**
 * Is informed of the calls to a {@link GroupCommit}, before their futures are completed. Implementations are
 * thread-safe. Their methods must be quick and must not throw.
 */
public interface StatementObserver {

    /** Ignores the statements of a call. */
    Consumer<Execution> UNOBSERVED = execution -> {};

    /** Ignores everything. */
    StatementObserver NONE = new StatementObserver() {
        @Override
        public Consumer<Execution> asked() {
            return UNOBSERVED;
        }

        @Override
        public void waited(StatementKind kind, long nanos) {
            // It is ignored.
        }

        @Override
        public void refused(CallerLimit limit) {
            // It is ignored.
        }
    };

    /**
     * Reports that a call begins to wait. It runs on the thread of the caller.
     *
     * @return is informed of the statements that carry the call out; {@link #UNOBSERVED} if none is wanted
     */
    Consumer<Execution> asked();

    /**
     * Reports that a call no longer waits: its statement begins, or it has waited for too long.
     *
     * @param kind the kind of the call
     * @param nanos how long it waited
     */
    void waited(StatementKind kind, long nanos);

    /**
     * Reports that a call or a part of it is rejected because of a limit of its caller.
     *
     * @param limit the limit
     */
    void refused(CallerLimit limit);
}
