package io.streamlocks.client.simulation;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The transactions of the storage, and the rows that they have locked. The effect of a transaction becomes visible by
 * its commit, which comes at a later instant, usually soon.
 */
final class Transactions {

    private static final long FASTEST = TimeUnit.MILLISECONDS.toNanos(2);

    /** A transaction has rows locked until it commits, with an effect, or rolls back, without one. */
    final class Transaction {
        private final Runnable effect;
        private boolean rollsBack;
        private final long writesAt;
        private final long endsAt;
        private SimulatedThread waiting;
        private boolean over;

        private Transaction(Runnable effect, boolean rollsBack, long writesAt, long endsAt) {
            this.effect = effect;
            this.rollsBack = rollsBack;
            this.writesAt = writesAt;
            this.endsAt = endsAt;
            scheduler.after(endsAt - scheduler.now(), rollsBack ? "rollback" : "commit", this::end);
        }

        /**
         * Lets the calling thread wait for the end of the transaction. Returns whether it has committed by that time.
         */
        boolean awaitCommit(long untilNanos) {
            waiting = SimulatedThread.current();
            while (!over && scheduler.now() < untilNanos) {
                waiting.block(untilNanos);
            }
            return over && !rollsBack;
        }

        private void end() {
            if (over) {
                return;
            }
            over = true;
            locked.values().removeIf(holder -> holder == this);
            if (rollsBack) {
                scheduler.trace().tell(scheduler.now(), "storage", "rolls back");
            } else {
                effect.run();
            }
            if (waiting != null) {
                scheduler.wake(waiting);
            }
        }
    }

    private final Scheduler scheduler;

    /** The transaction that has each row locked. */
    private final Map<String, Transaction> locked = new LinkedHashMap<>();

    /** The most that one in two commits takes longer than usual. */
    long stall;

    Transactions(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    boolean isLocked(String row) {
        return locked.containsKey(row);
    }

    /** Returns whether a foreign transaction has the row locked. Such a transaction changes nothing. */
    boolean isForeign(String row) {
        return isLocked(row) && locked.get(row).writesAt == Scheduler.NEVER;
    }

    /** Returns whether there is a version of the row that is not committed. */
    boolean isWritten(String row) {
        return isLocked(row) && locked.get(row).writesAt <= scheduler.now();
    }

    /** Locks rows that are not locked, and writes them. */
    Transaction write(Collection<String> rows, Runnable effect, boolean rollsBack) {
        long now = scheduler.now();
        Transaction transaction = new Transaction(effect, rollsBack, now, now + commitNanos());
        rows.forEach(row -> locked.put(row, transaction));
        scheduler.trace().tell(now, "storage", "writes, and commits later,", rows);
        return transaction;
    }

    /** Locks a row for so long, if it is not locked, and rolls back. */
    void lock(String row, long nanos) {
        if (!isLocked(row)) {
            locked.put(row, new Transaction(null, true, Scheduler.NEVER, scheduler.now() + nanos));
        }
    }

    /**
     * Waits for a row that a foreign transaction has locked, and writes it then. It has the lock next, so the row stays
     * locked for the others all the time.
     */
    Transaction writeAfterForeign(String row, Runnable effect) {
        long writesAt = locked.get(row).endsAt;
        Transaction transaction = new Transaction(effect, false, writesAt, writesAt + commitNanos());
        locked.put(row, transaction);
        return transaction;
    }

    /** Rolls all transactions back now, because their server is gone. */
    void rollBack() {
        List.copyOf(locked.values()).forEach(transaction -> {
            transaction.rollsBack = true;
            transaction.end();
        });
    }

    /** Ends all transactions now, each as it would end. */
    void heal() {
        stall = 0;
        List.copyOf(locked.values()).forEach(Transaction::end);
    }

    private long commitNanos() {
        long nanos = part(FASTEST);
        return stall > 0 && scheduler.random().nextBoolean() ? nanos + part(stall) : nanos;
    }

    private long part(long nanos) {
        return 1 + (long) (nanos * scheduler.random().nextDouble());
    }
}
