package io.streamlocks.coordinator.lock.waiting;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Bounds the requests that wait at this server: all of them, those of a caller, and those of an owner. A caller may have
 * three quarters of the room that the others leave, so that a new caller finds room. This class is thread-safe.
 */
final class WaiterLimits {

    /** The maximum number of requests that wait. Each takes about 2 kB. */
    static final int MAX_WAITERS = 20_000;

    private final OptionalInt maxOfOwner;
    private final Map<String, Integer> ofCaller = new HashMap<>();
    private final Map<String, Integer> ofOwner = new HashMap<>();
    private int all;

    /** @param maxOfOwner the maximum number of requests of an owner; empty for no limit */
    WaiterLimits(OptionalInt maxOfOwner) {
        this.maxOfOwner = maxOfOwner;
    }

    /** Why requests may not wait. */
    enum Refusal {
        NONE,
        OF_SERVER,
        OF_OWNER
    }

    /** Counts requests that are going to wait, if all of them may. */
    synchronized Refusal add(String caller, List<Wait> waits) {
        int own = ofCaller.getOrDefault(caller, 0);
        if (own + waits.size() > (MAX_WAITERS - (all - own)) / 4 * 3) {
            return Refusal.OF_SERVER;
        }
        waits.forEach(wait -> ofOwner.merge(wait.request().ownerId(), 1, Integer::sum));
        if (maxOfOwner.isPresent()
                && waits.stream()
                        .anyMatch(wait -> ofOwner.getOrDefault(wait.request().ownerId(), 0) > maxOfOwner.getAsInt())) {
            waits.forEach(this::removeOwner);
            return Refusal.OF_OWNER;
        }
        ofCaller.merge(caller, waits.size(), Integer::sum);
        all += waits.size();
        return Refusal.NONE;
    }

    /** Subtracts requests that no longer wait. */
    synchronized void remove(String caller, List<Wait> waits) {
        waits.forEach(this::removeOwner);
        ofCaller.computeIfPresent(caller, (same, own) -> own == waits.size() ? null : (Integer) (own - waits.size()));
        all -= waits.size();
    }

    private void removeOwner(Wait wait) {
        ofOwner.computeIfPresent(wait.request().ownerId(), (same, own) -> own == 1 ? null : (Integer) (own - 1));
    }

    synchronized int all() {
        return all;
    }
}
