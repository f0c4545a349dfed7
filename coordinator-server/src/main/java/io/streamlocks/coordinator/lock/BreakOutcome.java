package io.streamlocks.coordinator.lock;

/** The outcome of a {@link BreakRequest}. */
public sealed interface BreakOutcome {

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

        /** Handles {@link Broken}. */
        T broken(Broken broken);

        /** Handles {@link TokenChanged}. */
        T tokenChanged(TokenChanged changed);

        /** Handles {@link NotLocked}. */
        T notLocked();

        /** Handles {@link Blocked}. */
        T blocked();

        /** Handles {@link Undecided}. */
        T undecided();
    }

    /**
     * The lease has ended. Its holder learns it at its next renewal.
     *
     * @param grant the lease that was live, with its end
     */
    record Broken(Grant grant) implements BreakOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.broken(this);
        }
    }

    /**
     * Another lease than the expected one is live, and stays.
     *
     * @param holder that lease
     */
    record TokenChanged(Lock holder) implements BreakOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.tokenChanged(this);
        }
    }

    /** No lease is live. */
    record NotLocked() implements BreakOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.notLocked();
        }
    }

    /** Another transaction has the stream locked, so nothing is certain. Nothing was broken. Ask again. */
    record Blocked() implements BreakOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.blocked();
        }
    }

    /**
     * Another request of the same batch for the same stream was decided first, and this one needs a decision of its
     * own. Nothing was broken for it. Ask again.
     */
    record Undecided() implements BreakOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.undecided();
        }
    }
}
