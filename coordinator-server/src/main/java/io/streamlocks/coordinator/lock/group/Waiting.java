package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The requests that wait in a lane, with a queue for each caller. The callers take turns ({@link Taking}). A caller
 * whose requests were taken moves behind the others. This class is not thread-safe.
 */
final class Waiting {

    private final Backlog backlog;
    private final Together together;

    /** The queues in the order of their turns; none is empty. */
    private final Map<String, CallerQueue> queues = new LinkedHashMap<>();

    private int requests;

    /**
     * @param backlog has counted the requests that are added; this reports to it the requests that leave
     * @param together which operations may share a transaction
     */
    Waiting(Backlog backlog, Together together) {
        this.backlog = backlog;
        this.together = together;
    }

    /** Returns the number of waiting requests. */
    int requests() {
        return requests;
    }

    void add(Part<?, ?> part) {
        queue(part).parts().addLast(part);
        requests += part.size();
    }

    private void addFirst(Part<?, ?> part) {
        queue(part).parts().addFirst(part);
        requests += part.size();
    }

    /** Adds the requests that a flush left undecided before everything else that their callers wait for. */
    void putBack(Flush done) {
        if (done.second().isPresent()) {
            putBack(done.second().get().undecided());
        }
        putBack(done.first().undecided());
    }

    private <Q, O> void putBack(List<Part<Q, O>> undecided) {
        for (int i = undecided.size() - 1; i >= 0; i--) {
            Part<Q, O> part = undecided.get(i);
            try {
                backlog.addAgain(part.call().caller(), part.size());
                addFirst(part);
            } catch (OutOfMemoryError e) {
                part.giveUp(e);
            }
        }
    }

    private CallerQueue queue(Part<?, ?> part) {
        return queues.computeIfAbsent(part.call().caller(), CallerQueue::new);
    }

    /** Moves any part to the given ones, and returns whether there was one. */
    boolean pollTo(List<Part<?, ?>> others) {
        if (queues.isEmpty()) {
            return false;
        }
        CallerQueue queue = queues.values().iterator().next();
        List<CallerQueue> touched = List.of(queue);
        // Memory may be exhausted. If the list cannot grow, the part must still be in its queue and be counted there.
        others.add(queue.parts().element());
        queue.left(queue.parts().remove());
        settle(touched);
        return true;
    }

    /** Takes out all parts. */
    List<Part<?, ?>> clear() {
        List<Part<?, ?>> all = new ArrayList<>();
        for (CallerQueue queue : queues.values()) {
            queue.parts().forEach(queue::left);
            all.addAll(queue.parts());
            queue.parts().clear();
        }
        settle(List.copyOf(queues.values()));
        return all;
    }

    /** Counts the requests that have left, and moves the callers that were served behind the others. */
    private void settle(List<CallerQueue> touched) {
        for (CallerQueue queue : touched) {
            if (queue.gone() > 0) {
                requests -= queue.gone();
                backlog.remove(queue.caller(), queue.gone());
            }
            if (queue.parts().isEmpty()) {
                queues.remove(queue.caller());
            } else if (queue.wasServed() && touched.size() > 1) {
                queues.remove(queue.caller());
                queues.put(queue.caller(), queue);
            }
            queue.settle();
        }
    }

    /**
     * Takes out the requests of the next statement, and of the one that shares its transaction, if there is one.
     *
     * @param busy the streams that it must not name; this adds those of the statement
     * @param late gets the parts that have waited for too long
     * @return what to carry out; empty if no request can be carried out now
     */
    Optional<Flush> take(Set<String> busy, List<Part<?, ?>> late) {
        Optional<Statement<?, ?>> first = take(busy, late, Optional.empty());
        return first.isEmpty() ? Optional.empty() : withCompanion(first.get(), busy, late);
    }

    /** Adds the statement that shares the transaction, if there is one. */
    private Optional<Flush> withCompanion(Statement<?, ?> first, Set<String> busy, List<Part<?, ?>> late) {
        Optional<Statement<?, ?>> second = Optional.empty();
        try {
            Optional<Operation<?, ?>> companion = together.companionOf(first);
            if (companion.isPresent()) {
                first.addStreamIdsTo(busy);
                second = take(busy, late, companion);
            }
            return Optional.of(new Flush(first, second, together));
        } catch (Throwable e) {
            // These parts have left their queues, so nothing else would complete their calls.
            first.addPartsTo(late);
            if (second.isPresent()) {
                second.get().addPartsTo(late);
            }
            throw e;
        }
    }

    /**
     * Takes out the requests of a statement.
     *
     * @param only the operation of the statement, if it shares the transaction of another one; empty if it does not
     */
    private Optional<Statement<?, ?>> take(Set<String> busy, List<Part<?, ?>> late, Optional<Operation<?, ?>> only) {
        List<CallerQueue> turns = List.copyOf(queues.values());
        Taking taking = new Taking(busy, late, backlog, turns.size(), only);
        try {
            // The call that began the statement may have turned out to be late.
            return taking.from(turns).filter(statement -> statement.size() > 0);
        } catch (Throwable e) {
            // These parts have left their queues, so nothing else would complete their calls.
            taking.statement().ifPresent(statement -> statement.addPartsTo(late));
            throw e;
        } finally {
            settle(turns);
            taking.decided().ifPresent(this::moveBehindAll);
        }
    }

    /** The caller that decided moves behind all others. Otherwise a flood of one kind would decide each time. */
    private void moveBehindAll(CallerQueue decided) {
        if (queues.remove(decided.caller(), decided)) {
            queues.put(decided.caller(), decided);
        }
    }
}
