package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Acquire;
import io.streamlocks.client.LeaseCalls.Acquired;
import io.streamlocks.client.LeaseCalls.Grant;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.Unreleased.UnderWay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The places of a waiter in the queues of streams, and what the answers of the coordinator make of them. A place is
 * identified by the id of the lease that it asks for. This class is not thread-safe.
 */
final class QueuePlaces {

    private final LeaseKeeper keeper;
    private final LeaseTerms terms;
    private final ClientRuntime runtime;
    private final Map<String, Place> places = new HashMap<>();

    /** The places of the latest call, in its order. */
    private List<Place> asked = List.of();

    private static final class Place {
        private final LeaseKey key;

        /** Whether a call of it may still be under way to the coordinator, which may grant the lease later. */
        private boolean mayComeLate;

        /** Whether several calls have asked for it, so that one may come late while the place is that of another. */
        private boolean isRepeated;

        Place(LeaseKey key) {
            this.key = key;
        }

        UnderWay underWay() {
            if (!mayComeLate) {
                return UnderWay.NOTHING;
            }
            return isRepeated ? UnderWay.REPEATED_WAIT : UnderWay.ACQUIRE;
        }
    }

    /**
     * What a call has brought.
     *
     * @param granted the leases that were granted
     * @param failure why there was no usable answer, or which refusal there was
     * @param pause how long the coordinator asked not to be called
     */
    record Answer(List<HeldLease> granted, Optional<StreamLockException> failure, Duration pause) {}

    QueuePlaces(LeaseKeeper keeper, LeaseTerms terms, ClientRuntime runtime) {
        this.keeper = keeper;
        this.terms = terms;
        this.runtime = runtime;
    }

    /** Returns what to ask for these streams, in order. The places of all other streams are given up. */
    List<Acquire> ask(Set<String> streams) {
        List.copyOf(places.keySet()).stream()
                .filter(stream -> !streams.contains(stream))
                .forEach(this::giveUp);
        places.values().forEach(place -> place.isRepeated = true);
        asked = streams.stream()
                .map(stream ->
                        places.computeIfAbsent(stream, same -> new Place(new LeaseKey(same, runtime.newLeaseId()))))
                .toList();
        return asked.stream().map(place -> terms.acquire(place.key)).toList();
    }

    /** Takes in that the latest call was cut off, or had no answer in time. */
    Answer unanswered() {
        asked.forEach(place -> place.mayComeLate = true);
        return new Answer(List.of(), Optional.of(noAnswer()), Duration.ZERO);
    }

    /** Returns the failure of a call that was cut off. */
    static CoordinatorUnavailableException noAnswer() {
        return new CoordinatorUnavailableException(
                "The coordinator did not answer in time", Optional.empty(), Optional.empty());
    }

    /** Takes in that the latest call failed. */
    Answer failed(StreamLockException cause) {
        asked.forEach(place -> fail(place, cause));
        return new Answer(List.of(), Optional.of(cause), pause(cause));
    }

    /**
     * Takes in the outcomes of the latest call.
     *
     * @param outcomes one for each of the acquires that {@link #ask} has returned, in order
     * @param sentNanos when the call was sent
     */
    Answer answered(List<Acquired> outcomes, long sentNanos) {
        List<HeldLease> granted = new ArrayList<>();
        List<StreamLockException> failures = new ArrayList<>();
        int held = 0;
        for (int i = 0; i < asked.size(); i++) {
            held += take(asked.get(i), outcomes.get(i), sentNanos, granted, failures);
        }
        Optional<StreamLockException> refusal = failures.stream()
                .filter(CoordinatorRefusedException.class::isInstance)
                .findFirst();
        if (held > 0) {
            // The places that are kept would die in the pause that the others need.
            return new Answer(granted, refusal, Duration.ZERO);
        }
        Duration pause = failures.stream()
                .map(QueuePlaces::pause)
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
        return new Answer(granted, refusal.or(() -> failures.stream().findFirst()), pause);
    }

    /** Adds the lease or the failure. Returns 1 if the place is kept because the stream is not free; otherwise 0. */
    private int take(
            Place place,
            Acquired outcome,
            long sentNanos,
            List<HeldLease> granted,
            List<StreamLockException> failures) {
        return outcome.match(new Acquired.Cases<>() {
            @Override
            public Integer granted(Grant grant) {
                Optional<HeldLease> lease = keep(place, grant, sentNanos);
                lease.ifPresentOrElse(granted::add, () -> failures.add(Acquirer.tooLate(place.key.streamId())));
                return 0;
            }

            @Override
            public Integer held(Acquired.Held held) {
                return 1;
            }

            @Override
            public Integer failed(StreamLockException cause) {
                if (!fail(place, cause)) {
                    failures.add(cause);
                }
                return 0;
            }
        });
    }

    private Optional<HeldLease> keep(Place place, Grant grant, long sentNanos) {
        places.remove(place.key.streamId());
        // The coordinator counted the time left when it had waited. If its clock runs faster than this one, that must
        // not be later than now.
        long waited = Math.min(grant.waited().toNanos(), runtime.nanoTime() - sentNanos);
        Optional<HeldLease> lease = keeper.keep(place.key, terms, grant, sentNanos + waited);
        if (lease.isEmpty()) {
            keeper.releaseLater(place.key, terms.longestPossible(), UnderWay.ACQUIRE);
        }
        return lease;
    }

    /** Returns whether another id solves the problem. */
    private boolean fail(Place place, StreamLockException cause) {
        if (cause instanceof CoordinatorRefusedException refused && refused.status() == 409) {
            // The id is used: an earlier call was granted, and the lease ran out before this one.
            places.remove(place.key.streamId());
            return true;
        }
        place.mayComeLate |= cause instanceof CoordinatorUnavailableException unknown && !unknown.isWithoutEffect();
        return false;
    }

    private static Duration pause(StreamLockException cause) {
        return cause instanceof CoordinatorUnavailableException unavailable ? unavailable.pause() : Duration.ZERO;
    }

    /** Gives up all places. The client releases their lease ids in the background. */
    void giveUpAll() {
        List.copyOf(places.keySet()).forEach(this::giveUp);
    }

    private void giveUp(String streamId) {
        Place place = places.remove(streamId);
        if (place != null) {
            keeper.releaseLater(place.key, terms.longestPossible(), place.underWay());
        }
    }
}
