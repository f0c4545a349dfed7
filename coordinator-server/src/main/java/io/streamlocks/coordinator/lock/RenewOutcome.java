package io.streamlocks.coordinator.lock;

import java.util.Optional;

/** The outcome of a {@link RenewRequest}. */
public sealed interface RenewOutcome {

    /**
     * Returns what the method of this outcome returns. A new outcome adds a method to {@link Cases}, so that the
     * compiler finds every place that must handle it.
     *
     * @param cases one method per outcome
     * @param <T> the result
     * @return the result
     */
    <T> T match(Cases<T> cases);

    /**
     * One method per outcome.
     *
     * @param <T> the result
     */
    interface Cases<T> {

        /** Handles {@link Renewed}. */
        T renewed(Renewed renewed);

        /** Handles {@link Lost}. */
        T lost(Lost lost);

        /** Handles {@link Blocked}. */
        T blocked();

        /** Handles {@link Undecided}. */
        T undecided();
    }

    /**
     * The lease continues, with the same fencing token.
     *
     * @param lease the lease with its new end
     */
    record Renewed(Lease lease) implements RenewOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.renewed(this);
        }
    }

    /**
     * The lease has ended and will not be live again.
     *
     * @param reason how it ended
     * @param breakReason the reason that the operator gave, if the lease was broken
     */
    record Lost(LossReason reason, Optional<String> breakReason) implements RenewOutcome {

        /** Creates the outcome for a lease that was not broken. */
        public Lost(LossReason reason) {
            this(reason, Optional.empty());
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.lost(this);
        }
    }

    /** Another transaction has the stream locked, so nothing is certain. Nothing was renewed. Ask again. */
    record Blocked() implements RenewOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.blocked();
        }
    }

    /**
     * Another request of the same batch for the same stream was decided first, and this one needs a decision of its
     * own. Nothing was renewed for it. Ask again.
     */
    record Undecided() implements RenewOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.undecided();
        }
    }
}
