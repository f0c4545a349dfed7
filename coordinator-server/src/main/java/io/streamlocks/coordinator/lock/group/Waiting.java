package io.streamlocks.coordinator.lock.group;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The requests that wait in a lane: a queue for each caller, and the callers take turns. Not thread-safe.
 *
 * <p>While n callers wait, each may have the n-th part of a statement before anybody gets more. A call that is larger than
 * that is carried out in parts. What is left over goes to whoever has more.
 *
 * <p>The caller whose turn it is, and who has anything that can be done, decides what kind the statement is. Whoever got
 * something is behind the others then.
 */
final class Waiting {

    private final Backlog backlog;

    /** In the order of their turns; none is empty. */
    private final Map<String, Queue> queues = new LinkedHashMap<>();

    private int requests;

    /**
     * @param backlog has counted what is added, and is told of what waits no more
     */
    Waiting(Backlog backlog) {
        this.backlog = backlog;
    }

    private static final class Queue {
        private final String caller;
        private final Deque<Part<?, ?>> parts = new ArrayDeque<>();

        /** How many requests were taken out of it for the statement that is being made. */
        private int taken;

        /** How many were taken out of it and are not told to the backlog yet. */
        private int gone;

        Queue(String caller) {
            this.caller = caller;
        }
    }

    /** How many requests there are. */
    int requests() {
        return requests;
    }

    void add(Part<?, ?> part) {
        queue(part).parts.addLast(part);
        requests += part.size();
    }

    /** Adds before all that its caller waits for. */
    void addFirst(Part<?, ?> part) {
        queue(part).parts.addFirst(part);
        requests += part.size();
    }

    private Queue queue(Part<?, ?> part) {
        return queues.computeIfAbsent(part.call().caller(), Queue::new);
    }

    /** Takes out one, whichever; null if there is none. */
    Part<?, ?> poll() {
        if (queues.isEmpty()) {
            return null;
        }
        Queue queue = queues.values().iterator().next();
        Part<?, ?> part = queue.parts.poll();
        count(queue, part);
        settle(List.of(queue));
        return part;
    }

    /** Takes out all. */
    List<Part<?, ?>> clear() {
        List<Part<?, ?>> all = new ArrayList<>();
        for (Queue queue : queues.values()) {
            queue.parts.forEach(part -> {
                all.add(part);
                count(queue, part);
            });
            queue.parts.clear();
        }
        settle(List.copyOf(queues.values()));
        return all;
    }

    private void count(Queue queue, Part<?, ?> part) {
        requests -= part.size();
        queue.gone += part.size();
    }

    /** Tells the backlog what is gone, and puts those that were served behind the others. */
    private void settle(List<Queue> touched) {
        for (Queue queue : touched) {
            if (queue.gone > 0) {
                backlog.remove(queue.caller, queue.gone);
                queue.gone = 0;
            }
            if (queue.parts.isEmpty()) {
                queues.remove(queue.caller);
            } else if (queue.taken > 0 && touched.size() > 1) {
                queues.remove(queue.caller);
                queues.put(queue.caller, queue);
            }
            queue.taken = 0;
        }
    }

    /**
     * Takes out what the next statement is made of.
     *
     * @param busy the streams that it must not name
     * @param late gets what was taken out since it has waited for too long
     * @return null if nothing can be done
     */
    Statement<?, ?> take(Set<String> busy, List<Part<?, ?>> late) {
        List<Queue> turns = List.copyOf(queues.values());
        Taking taking = new Taking(busy, late, Math.max(1, Lane.MAX_STATEMENT_REQUESTS / Math.max(1, turns.size())));
        try {
            Statement<?, ?> statement = taking.from(turns);
            // A call that began it may have been found to be late afterwards.
            return statement == null || statement.size() == 0 ? null : statement;
        } catch (Throwable e) {
            // They do not wait any more, and nobody else would tell them.
            if (taking.statement != null) {
                taking.statement.addPartsTo(late);
            }
            throw e;
        } finally {
            settle(turns);
            if (taking.decided != null && queues.remove(taking.decided.caller, taking.decided)) {
                // Behind all others, else whoever has a flood of one kind would decide each time.
                queues.put(taking.decided.caller, taking.decided);
            }
        }
    }

    /** Makes one statement. */
    private final class Taking {
        private final Set<String> busy;
        private final List<Part<?, ?>> late;

        /** Each caller may have so many requests before anybody gets more. */
        private final int share;

        private Statement<?, ?> statement;

        /** Whose call decided what kind it is. */
        private Queue decided;

        Taking(Set<String> busy, List<Part<?, ?>> late, int share) {
            this.busy = busy;
            this.late = late;
            this.share = share;
        }

        private int room() {
            return statement == null ? Lane.MAX_STATEMENT_REQUESTS : Lane.MAX_STATEMENT_REQUESTS - statement.size();
        }

        Statement<?, ?> from(List<Queue> turns) {
            List<Queue> large = new ArrayList<>(0);
            for (Queue queue : turns) {
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

        /**
         * Takes calls, the oldest first. One that has to stay makes those behind it stay that name a stream of its, so
         * that none overtakes it.
         *
         * @param most how many requests
         * @param inParts takes a part of a call that is larger than the share of its caller
         * @return whether there is such a call, which was left alone with all behind it
         */
        private boolean take(Queue queue, int most, boolean inParts) {
            int left = most;
            int passed = 0;
            boolean inTime = false;
            Set<String> overdue = Set.of();
            Iterator<Part<?, ?>> parts = queue.parts.iterator();
            // A long queue must not be walked through for each statement.
            while (left > 0 && passed < 2 * share && parts.hasNext()) {
                Part<?, ?> part = parts.next();
                if (!part.call().isOpen()) {
                    parts.remove();
                    count(queue, part);
                    continue;
                }
                if (!inTime && backlog.hasWaitedTooLong(part.call().askedNanos())) {
                    late.add(part);
                    parts.remove();
                    count(queue, part);
                    continue;
                }
                inTime = true;
                if (canBeDone(part, overdue)) {
                    if (part.size() <= left) {
                        begin(queue, part).add(part);
                        parts.remove();
                        count(queue, part);
                        queue.taken += part.size();
                        left -= part.size();
                        continue;
                    }
                    if (part.size() > share) {
                        Statement<?, ?> begun = begin(queue, part);
                        if (inParts) {
                            begun.add(part.first(left));
                            parts.remove();
                            count(queue, part);
                            queue.taken += left;
                            putBack(queue, part.rest(left));
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
            return (statement == null || statement.does(part.call().operation()))
                    && !part.namesOneOf(busy)
                    && !part.namesOneOf(overdue);
        }

        private Statement<?, ?> begin(Queue queue, Part<?, ?> part) {
            if (statement == null) {
                decided = queue;
                statement = new Statement<>(part.call().operation(), backlog.nanoTime());
            }
            return statement;
        }

        /** It may go before those that had to stay, since they name none of its streams. */
        private void putBack(Queue queue, Part<?, ?> rest) {
            queue.parts.addFirst(rest);
            requests += rest.size();
            queue.gone -= rest.size();
        }
    }
}
