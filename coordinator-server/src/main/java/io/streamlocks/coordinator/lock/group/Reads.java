package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.StatementKind;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls that do not wait for statements of changes: lookups of one lock, walks over many rows, breaks of an owner,
 * calls of groups, and checks of the storage. Each of the five kinds has threads of its own, so that none waits for
 * another. This class is thread-safe, and no method blocks.
 */
final class Reads {

    private static final int FINDERS = 3;
    private static final int MAX_FINDS = 1000;
    private static final int MAX_FINDS_OF_CALLER = 750;

    /** One caller occupies at most one of them. */
    private static final int WALKERS = 2;

    private static final int MAX_WALKS = 100;
    static final int MAX_WALKS_OF_CALLER = 16;

    /** Two, because a report waits while its row is locked, and the others must not wait for it. */
    private static final int COUNTERS = 2;

    private static final int MAX_COUNTS = 1000;
    private static final int MAX_COUNTS_OF_CALLER = 750;

    /** The checks have no caller. */
    private static final String ANYBODY = "";

    private final Delay delay;
    private final Backlog backlog;
    private final StatementObserver observer;
    private final FairThreads finders =
            new FairThreads(FINDERS, GroupCommit.daemons("group-commit-find"), MAX_FINDS, MAX_FINDS_OF_CALLER);
    private final FairThreads walkers =
            new FairThreads(WALKERS, GroupCommit.daemons("group-commit-walk"), MAX_WALKS, MAX_WALKS_OF_CALLER);
    private final FairThreads breakers =
            new FairThreads(1, GroupCommit.daemons("group-commit-break"), MAX_WALKS, MAX_WALKS_OF_CALLER);
    private final FairThreads counters =
            new FairThreads(COUNTERS, GroupCommit.daemons("group-commit-groups"), MAX_COUNTS, MAX_COUNTS_OF_CALLER);
    private final FairThreads checkers = new FairThreads(1, GroupCommit.daemons("group-commit-check"), 1, 1);

    /** The check that begins next; null if there is none. This object guards it. */
    private @Nullable CompletableFuture<Void> nextCheck;

    /**
     * @param delay runs the tasks that are due later
     * @param backlog provides the time and the state of the storage
     * @param observer is informed of each read
     */
    Reads(Delay delay, Backlog backlog, StatementObserver observer) {
        this.delay = delay;
        this.backlog = backlog;
        this.observer = observer;
    }

    /** Reads one lock. */
    <T> CompletableFuture<T> find(String caller, Supplier<T> work) {
        return begin(finders, caller, StatementKind.FIND, work);
    }

    /** Reads up to all rows. */
    <T> CompletableFuture<T> walk(String caller, StatementKind kind, Supplier<T> work) {
        return begin(walkers, caller, kind, work);
    }

    /** Reads or changes a group. */
    <T> CompletableFuture<T> group(String caller, Supplier<T> work) {
        return begin(counters, caller, StatementKind.GROUP, work);
    }

    /** Breaks all leases of an owner. An operator may have to while others read long lists. */
    <T> CompletableFuture<T> breakOwner(String caller, Supplier<T> work) {
        return begin(breakers, caller, StatementKind.BREAK, work);
    }

    /** Checks the storage. All calls during a check share the next one. */
    CompletableFuture<Void> check(Runnable work) {
        CompletableFuture<Void> check;
        synchronized (this) {
            if (nextCheck != null) {
                return nextCheck.copy();
            }
            check = new CompletableFuture<>();
            nextCheck = check;
        }
        check.whenComplete((done, failure) -> forget(check));
        begin(new Read<>(
                checkers,
                ANYBODY,
                StatementKind.CHECK,
                () -> {
                    // A call from now on must get the result of a check that began after it.
                    forget(check);
                    work.run();
                    return null;
                },
                backlog.nanoTime(),
                observer.asked(),
                check));
        return check.copy();
    }

    private synchronized void forget(CompletableFuture<Void> check) {
        if (nextCheck == check) {
            nextCheck = null;
        }
    }

    private <T> CompletableFuture<T> begin(FairThreads threads, String caller, StatementKind kind, Supplier<T> work) {
        Read<T> read = new Read<>(
                threads, caller, kind, work, backlog.nanoTime(), observer.asked(), new CompletableFuture<>());
        begin(read);
        return read.result();
    }

    /** A call that waits for a thread. */
    private record Read<T>(
            FairThreads threads,
            String caller,
            StatementKind kind,
            Supplier<T> work,
            long askedNanos,
            Consumer<Execution> observer,
            CompletableFuture<T> result) {

        FairThreads.Acceptance execute(Runnable carryOut) {
            return threads.execute(caller, carryOut);
        }
    }

    private void begin(Read<?> read) {
        switch (read.execute(() -> carryOut(read, true))) {
            case ACCEPTED -> {}
            case TOO_MANY ->
                read.result().completeExceptionally(backlog.refusal("Too many calls of this kind are waiting"));
            case CALLER_HAS_TOO_MANY -> {
                observer.refused(CallerLimit.READS_OF_CALLER);
                read.result()
                        .completeExceptionally(
                                new OverloadedException("This caller has too many calls of this kind waiting"));
            }
        }
    }

    private <T> void carryOut(Read<T> read, boolean isFirstTry) {
        CompletableFuture<T> result = read.result();
        if (result.isDone()) {
            return;
        }
        long began = backlog.nanoTime();
        if (isFirstTry) {
            observer.waited(read.kind(), began - read.askedNanos());
        }
        if (backlog.hasWaitedTooLong(read.askedNanos())) {
            result.completeExceptionally(backlog.tooLate());
            return;
        }
        T value = null;
        Throwable failure = null;
        try {
            value = read.work().get();
            backlog.succeeded();
        } catch (BlockedException e) {
            if (!backlog.isOlderThan(Backlog.MAX_BLOCKED_MS, read.askedNanos())) {
                // The thread does not wait, because other reads need it.
                delay.run(() -> tryAgain(read, e), Lane.RETRY_MS);
                return;
            }
            failure = e;
        } catch (Throwable e) {
            backlog.failed(e);
            failure = e;
        }
        read.observer().accept(new Execution(read.kind(), 1, began, backlog.nanoTime(), Optional.ofNullable(failure)));
        if (failure == null) {
            result.complete(value);
        } else {
            result.completeExceptionally(failure);
        }
    }

    private void tryAgain(Read<?> read, BlockedException blocked) {
        if (read.execute(() -> carryOut(read, false)) != FairThreads.Acceptance.ACCEPTED) {
            read.result().completeExceptionally(blocked);
        }
    }

    /** Accepts no further reads. */
    void close() {
        finders.close();
        breakers.close();
        walkers.close();
        counters.close();
        checkers.close();
    }
}
