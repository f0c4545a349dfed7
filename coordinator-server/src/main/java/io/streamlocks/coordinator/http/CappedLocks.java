package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Acquires and releases behind the cap of live leases of an owner, if there is one. Thread-safe. */
final class CappedLocks {

    private final GroupCommit locks;
    private final Optional<OwnerCap> cap;

    CappedLocks(GroupCommit locks, Optional<OwnerCap> cap) {
        this.locks = locks;
        this.cap = cap;
    }

    /** {@link GroupCommit#acquire}, with null for each request whose owner has too many leases. */
    CompletableFuture<List<AcquireOutcome>> acquire(String caller, List<AcquireRequest> requests) {
        if (cap.isEmpty()) {
            return locks.acquire(caller, requests);
        }
        List<Boolean> fit = requests.stream()
                .map(request -> cap.get().admit(request.ownerId(), request.streamId(), request.leaseId()))
                .toList();
        List<AcquireRequest> admitted = IntStream.range(0, fit.size())
                .filter(fit::get)
                .mapToObj(requests::get)
                .toList();
        return locks.acquire(caller, admitted)
                .whenComplete((outcomes, failure) -> settle(admitted, outcomes))
                .thenApply(outcomes -> {
                    Iterator<AcquireOutcome> decided = outcomes.iterator();
                    List<AcquireOutcome> all = new ArrayList<>();
                    fit.forEach(fits -> all.add(fits ? decided.next() : null));
                    return all;
                });
    }

    /** What is answered to a request with this outcome. */
    static Responses.Result result(AcquireOutcome outcome) {
        return outcome != null
                ? Responses.Result.of(outcome)
                : Responses.Result.of(Problem.ofField(
                        ProblemType.TOO_MANY_LEASES,
                        "ownerId",
                        "This owner has as many live leases as it may. Try again later."));
    }

    /** Tells the cap what became of it. Nothing, if the call failed: what it did all the same is for the next census. */
    private void settle(List<AcquireRequest> admitted, List<AcquireOutcome> outcomes) {
        for (int i = 0; i < admitted.size(); i++) {
            AcquireRequest request = admitted.get(i);
            if (outcomes != null && outcomes.get(i) instanceof AcquireOutcome.Granted) {
                cap.get().granted(request.ownerId(), request.streamId(), request.leaseId());
            } else {
                cap.get().notGranted(request.ownerId());
            }
        }
    }

    /** {@link GroupCommit#release}. */
    CompletableFuture<List<ReleaseOutcome>> release(String caller, List<ReleaseRequest> requests) {
        CompletableFuture<List<ReleaseOutcome>> outcomes = locks.release(caller, requests);
        return cap.isEmpty() ? outcomes : outcomes.thenApply(known -> countReleased(requests, known));
    }

    private List<ReleaseOutcome> countReleased(List<ReleaseRequest> requests, List<ReleaseOutcome> outcomes) {
        for (int i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i) instanceof ReleaseOutcome.Released) {
                cap.get().released(requests.get(i).streamId(), requests.get(i).leaseId());
            }
        }
        return outcomes;
    }
}
