package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.waiting.WaitingRoom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Acquires and releases behind the cap of live leases of an owner, if there is one. This class is thread-safe. */
final class CappedLocks {

    /** A new outcome does not compile until it is decided here whether the owner has a lease more. */
    private static final AcquireOutcome.Cases<Boolean> IS_GRANTED = new AcquireOutcome.Cases<>() {
        @Override
        public Boolean granted(AcquireOutcome.Granted granted) {
            return true;
        }

        @Override
        public Boolean held(AcquireOutcome.Held held) {
            return false;
        }

        @Override
        public Boolean awaited(AcquireOutcome.Awaited awaited) {
            return false;
        }

        @Override
        public Boolean tooManyWaiters(AcquireOutcome.TooManyWaiters tooMany) {
            return false;
        }

        @Override
        public Boolean delayed(AcquireOutcome.Delayed delayed) {
            return false;
        }

        @Override
        public Boolean leaseIdUsed() {
            return false;
        }

        @Override
        public Boolean blocked() {
            return false;
        }

        @Override
        public Boolean undecided() {
            return false;
        }
    };

    /** A new outcome does not compile until it is decided here whether the owner has a lease less. */
    private static final ReleaseOutcome.Cases<Boolean> IS_RELEASED = new ReleaseOutcome.Cases<>() {
        @Override
        public Boolean released() {
            return true;
        }

        @Override
        public Boolean lost(ReleaseOutcome.Lost lost) {
            return false;
        }

        @Override
        public Boolean blocked() {
            return false;
        }

        @Override
        public Boolean undecided() {
            return false;
        }
    };

    private final GroupCommit locks;
    private final WaitingRoom waitingRoom;
    private final Optional<OwnerCap> cap;

    CappedLocks(GroupCommit locks, WaitingRoom waitingRoom, Optional<OwnerCap> cap) {
        this.locks = locks;
        this.waitingRoom = waitingRoom;
        this.cap = cap;
    }

    /**
     * Returns whether the owner of a request may have one more lease. A request that is admitted must then be passed to
     * {@link #acquire}, which counts its outcome.
     */
    boolean admits(AcquireRequest request) {
        return cap.isEmpty() || cap.get().admit(request.ownerId(), request.streamId(), request.leaseId());
    }

    /**
     * Acquires leases, with requests that were admitted. A request that waits does not count as a lease.
     *
     * @param waits how long to wait for the first grant; zero for {@link GroupCommit#acquire}, otherwise as {@link
     *     WaitingRoom#acquire}
     * @param onClosed is given what to run when the client has gone
     * @param isUnnamed whether the caller does not know the lease id of a request. It cannot continue in a place then, so
     *     the place is given up at the end of the wait, and keeps nobody from the stream
     */
    CompletableFuture<List<AcquireOutcome>> acquire(
            String caller,
            List<AcquireRequest> admitted,
            Duration waits,
            Consumer<Runnable> onClosed,
            Predicate<AcquireRequest> isUnnamed) {
        if (!waits.isZero()) {
            cap.ifPresent(counted -> admitted.forEach(request -> counted.notGranted(request.ownerId())));
            CompletableFuture<List<AcquireOutcome>> outcomes = waitingRoom.acquire(caller, admitted, waits, onClosed);
            outcomes.whenComplete((known, failure) -> giveUp(caller, admitted, isUnnamed, known));
            return cap.map(counted -> outcomes.thenApply(known -> countGranted(counted, admitted, known)))
                    .orElse(outcomes);
        }
        CompletableFuture<List<AcquireOutcome>> outcomes = locks.acquire(caller, admitted);
        return cap.map(counted -> outcomes.whenComplete((known, failure) -> settle(counted, admitted, known)))
                .orElse(outcomes);
    }

    /** Counts the outcomes. A failed call counts as nothing granted, and the next census corrects that. */
    private static void settle(OwnerCap cap, List<AcquireRequest> admitted, @Nullable List<AcquireOutcome> outcomes) {
        for (int i = 0; i < admitted.size(); i++) {
            AcquireRequest request = admitted.get(i);
            if (outcomes != null && outcomes.get(i).match(IS_GRANTED)) {
                cap.granted(request.ownerId(), request.streamId(), request.leaseId());
            } else {
                cap.notGranted(request.ownerId());
            }
        }
    }

    private void giveUp(
            String caller,
            List<AcquireRequest> requests,
            Predicate<AcquireRequest> isUnnamed,
            @Nullable List<AcquireOutcome> outcomes) {
        List<ReleaseRequest> unused = IntStream.range(0, requests.size())
                .filter(i -> isUnnamed.test(requests.get(i)))
                .filter(i -> outcomes == null || !outcomes.get(i).match(IS_GRANTED))
                .mapToObj(i -> new ReleaseRequest(
                        requests.get(i).streamId(), requests.get(i).leaseId()))
                .toList();
        // If this fails, the places die by themselves within seconds.
        locks.release(caller, unused);
    }

    private static List<AcquireOutcome> countGranted(
            OwnerCap cap, List<AcquireRequest> requests, List<AcquireOutcome> outcomes) {
        for (int i = 0; i < outcomes.size(); i++) {
            AcquireRequest request = requests.get(i);
            if (outcomes.get(i).match(IS_GRANTED)) {
                cap.grantedLater(request.ownerId(), request.streamId(), request.leaseId());
            }
        }
        return outcomes;
    }

    /** Carries out {@link GroupCommit#release}. */
    CompletableFuture<List<ReleaseOutcome>> release(String caller, List<ReleaseRequest> requests) {
        CompletableFuture<List<ReleaseOutcome>> outcomes = locks.release(caller, requests);
        return cap.map(counted -> outcomes.thenApply(known -> countReleased(counted, requests, known)))
                .orElse(outcomes);
    }

    private static List<ReleaseOutcome> countReleased(
            OwnerCap cap, List<ReleaseRequest> requests, List<ReleaseOutcome> outcomes) {
        for (int i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i).match(IS_RELEASED)) {
                cap.released(requests.get(i).streamId(), requests.get(i).leaseId());
            }
        }
        return outcomes;
    }
}
