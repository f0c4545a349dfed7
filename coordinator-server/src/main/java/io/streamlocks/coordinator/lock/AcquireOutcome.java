package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.OptionalInt;

/** The outcome of an {@link AcquireRequest}. */
public sealed interface AcquireOutcome {

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

        /** Handles {@link Granted}. */
        T granted(Granted granted);

        /** Handles {@link Held}. */
        T held(Held held);

        /** Handles {@link Awaited}. */
        T awaited(Awaited awaited);

        /** Handles {@link Delayed}. */
        T delayed(Delayed delayed);

        /** Handles {@link LeaseIdUsed}. */
        T leaseIdUsed();

        /** Handles {@link Blocked}. */
        T blocked();

        /** Handles {@link Undecided}. */
        T undecided();

        /** Handles {@link TooManyWaiters}. */
        T tooManyWaiters(TooManyWaiters tooMany);
    }

    /**
     * The caller has the lease. It was granted now, or it was granted to the same lease id before and is still live. In
     * the latter case its token, ttl and end are those of the first grant.
     *
     * @param lease the lease
     * @param waited the time from the arrival of the call at this server until the server asked for the rest of the
     *     lease, by its monotonic clock; zero if the call did not wait
     */
    record Granted(Lease lease, Duration waited) implements AcquireOutcome {

        /** Creates the outcome of a call that did not wait. */
        public Granted(Lease lease) {
            this(lease, Duration.ZERO);
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.granted(this);
        }
    }

    /**
     * Another lease is live.
     *
     * @param holder that lease
     * @param position the caller's position in the queue of the stream, at least 1; empty if it has no place there
     */
    record Held(Lock holder, OptionalInt position) implements AcquireOutcome {

        /** Creates the outcome of a caller that has no place in the queue. */
        public Held(Lock holder) {
            this(holder, OptionalInt.empty());
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.held(this);
        }
    }

    /**
     * No lease is live, but others wait for the stream and come first.
     *
     * @param position the caller's position in the queue of the stream, at least 1; empty if it has no place there
     */
    record Awaited(OptionalInt position) implements AcquireOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.awaited(this);
        }
    }

    /**
     * No lease is live, but the operator who broke the last lease closed the stream for some time.
     *
     * @param opensIn the rest of that time, positive
     */
    record Delayed(Duration opensIn) implements AcquireOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.delayed(this);
        }
    }

    /** The lease id was granted before, and that lease has ended. Asking again needs a new id. */
    record LeaseIdUsed() implements AcquireOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.leaseIdUsed();
        }
    }

    /** Another transaction has the stream locked, so nothing is certain. Ask again, with the same lease id. */
    record Blocked() implements AcquireOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.blocked();
        }
    }

    /**
     * Another request of the same batch for the same stream was decided first, and this one needs a decision of its
     * own. Nothing was granted for it. Ask again.
     */
    record Undecided() implements AcquireOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.undecided();
        }
    }

    /**
     * The caller cannot wait for the stream, because too many wait already. Nothing was granted.
     *
     * @param ofOwner whether the owner waits for as many streams as it may; otherwise the server cannot support more
     *     waiters
     */
    record TooManyWaiters(boolean ofOwner) implements AcquireOutcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.tooManyWaiters(this);
        }
    }
}
