package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Takes the requests of one statement from the queues of the callers. This class is not thread-safe.
 *
 * <p>While n callers wait, each gets up to the n-th part of the statement before any caller gets more. A call that is
 * larger than that is carried out in parts. The room that is left over goes to the callers that have more.
 *
 * <p>The first caller in turn that has a request that can be carried out decides the kind of the statement.
 */
final class Taking {

    private final Set<String> busy;
    private final List<Part<?, ?>> late;
    private final Backlog backlog;
    private final Optional<Operation<?, ?>> only;
    private final int most;

    /** Each caller may have this many requests before any caller gets more. */
    private final int share;

    private Optional<Statement<?, ?>> statement = Optional.empty();
    private Optional<CallerQueue> decided = Optional.empty();

    /**
     * @param busy the streams that the statement must not name
     * @param late gets the parts that have waited for too long
     * @param callers the number of callers that wait
     * @param only the operation whose requests are taken, as far as {@link Together} allows; empty if all may be
     */
    Taking(Set<String> busy, List<Part<?, ?>> late, Backlog backlog, int callers, Optional<Operation<?, ?>> only) {
        this.busy = busy;
        this.late = late;
        this.backlog = backlog;
        this.only = only;
        this.most = only.isPresent() ? Together.MOST : Lane.MAX_STATEMENT_REQUESTS;
        this.share = Math.max(1, most / Math.max(1, callers));
    }

    /** Returns the statement so far; empty if it has not begun. */
    Optional<Statement<?, ?>> statement() {
        return statement;
    }

    /** Returns the caller that decided the kind of the statement; empty if it has not begun. */
    Optional<CallerQueue> decided() {
        return decided;
    }

    /**
     * Takes requests from the queues, in the order of their turns, and returns the statement; empty if there is none.
     */
    Optional<Statement<?, ?>> from(List<CallerQueue> turns) {
        List<CallerQueue> large = new ArrayList<>(0);
        for (CallerQueue queue : turns) {
            int free = room() - large.size() * share;
            if (free > 0 && take(queue, Math.min(share, free), false)) {
                large.add(queue);
            }
        }
        for (int i = 0; i < large.size(); i++) {
            take(large.get(i), room() / (large.size() - i), true);
        }
        for (int i = 0; turns.size() > 1 && i < turns.size() && room() > 0; i++) {
            take(turns.get(i), room(), false);
        }
        return statement;
    }

    private int room() {
        return most - statement.map(Statement::size).orElse(0);
    }

    /**
     * Takes calls from a queue, the oldest first. A call that has to stay holds back the later calls that name one of
     * its streams, so that none overtakes it.
     *
     * @param most the maximum number of requests
     * @param inParts whether to take a part of a call that is larger than the share of its caller
     * @return whether such a call was found and left alone, with everything behind it
     */
    private boolean take(CallerQueue queue, int most, boolean inParts) {
        int left = most;
        int passed = 0;
        boolean inTime = false;
        Set<String> overdue = Set.of();
        Iterator<Part<?, ?>> parts = queue.parts().iterator();
        // The bound keeps each statement from walking through the whole of a long queue.
        while (left > 0 && passed < 2 * share && parts.hasNext()) {
            Part<?, ?> part = parts.next();
            if (!part.call().isOpen()) {
                parts.remove();
                queue.left(part);
                continue;
            }
            if (!inTime && backlog.hasWaitedTooLong(part.call().askedNanos())) {
                late.add(part);
                parts.remove();
                queue.left(part);
                continue;
            }
            inTime = true;
            if (canBeDone(part, overdue)) {
                if (part.size() <= left) {
                    begin(queue, part).add(part);
                    parts.remove();
                    queue.served(part);
                    left -= part.size();
                    continue;
                }
                if (part.size() > share) {
                    Statement<?, ?> begun = begin(queue, part);
                    if (inParts) {
                        begun.add(part.first(left));
                        parts.remove();
                        queue.served(part);
                        // The rest may go before the calls that had to stay, because they name none of its streams.
                        queue.putBack(part.rest(left));
                    }
                    return !inParts;
                }
            }
            if (overdue.isEmpty()) {
                overdue = new HashSet<>();
            }
            part.addStreamIdsTo(overdue);
            passed += part.size();
        }
        return false;
    }

    private boolean canBeDone(Part<?, ?> part, Collection<String> overdue) {
        return (statement.isEmpty() || statement.get().does(part.call().operation()))
                && (only.isEmpty() || (only.get() == part.call().operation() && Together.allows(part)))
                && !part.namesOneOf(busy)
                && !part.namesOneOf(overdue);
    }

    private Statement<?, ?> begin(CallerQueue queue, Part<?, ?> part) {
        if (statement.isEmpty()) {
            decided = Optional.of(queue);
            statement = Optional.of(new Statement<>(part.call().operation(), backlog.nanoTime()));
        }
        return statement.get();
    }
}
