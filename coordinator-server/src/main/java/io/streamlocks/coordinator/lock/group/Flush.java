package io.streamlocks.coordinator.lock.group;

import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a lane carries out at once: a statement, or two that are {@link Together} in a transaction. This class is not
 * thread-safe. One thread hands it to the next.
 *
 * @param first the statement
 * @param second the other one; empty if there is none
 * @param together carries both out
 */
record Flush(Statement<?, ?> first, Optional<Statement<?, ?>> second, Together together) {

    /** Returns whether others should begin beside it: it only takes places in queues, or something delays it. */
    boolean letsOthersBegin(Backlog backlog) {
        return first.letsOthersBegin(backlog);
    }

    void addStreamIdsTo(Collection<String> streamIds) {
        first.addStreamIdsTo(streamIds);
        if (second.isPresent()) {
            second.get().addStreamIdsTo(streamIds);
        }
    }

    /** Carries the requests out. It does not throw: an error fails its calls. */
    void execute(Backlog backlog) {
        if (second.isPresent()) {
            together.execute(first, second.get(), backlog);
        } else {
            first.execute(backlog);
        }
    }

    /** Calls the action for the blocked requests that are tried again, because their calls have time for it. */
    void forEachBlocked(Consumer<Part<?, ?>> action) {
        first.blocked().forEach(action);
        if (second.isPresent()) {
            second.get().blocked().forEach(action);
        }
    }

    /** Adds the requests that need another statement, in their order. */
    void addUndecidedTo(Collection<Part<?, ?>> others) {
        others.addAll(first.undecided());
        if (second.isPresent()) {
            others.addAll(second.get().undecided());
        }
    }

    /** Informs the observer, and then completes the calls. */
    void complete(StatementObserver observer) {
        try {
            first.complete(observer);
        } finally {
            if (second.isPresent()) {
                second.get().complete(observer);
            }
        }
    }
}
