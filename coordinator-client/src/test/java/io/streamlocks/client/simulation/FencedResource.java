package io.streamlocks.client.simulation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The resource that holders write to, each for a stream. With its fence it refuses a token lower than one it has seen.
 */
final class FencedResource {

    private static final class Written {
        private long highestToken;
        private int latestGrant;
        private long lastAcceptedAt;
    }

    private final Scheduler scheduler;
    private final LeaseLedger ledger;
    private final boolean fenced;
    private final Map<String, Written> streams = new HashMap<>();
    private int accepted;
    private int refused;

    FencedResource(Scheduler scheduler, LeaseLedger ledger, boolean fenced) {
        this.scheduler = scheduler;
        this.ledger = ledger;
        this.fenced = fenced;
    }

    /** Returns whether the write was accepted. */
    boolean write(String streamId, long fencingToken) {
        Written written = streams.computeIfAbsent(streamId, id -> new Written());
        if (fenced && fencingToken < written.highestToken) {
            refused++;
            return false;
        }
        // This compares by the order of the grants, because the simulation must prove that the tokens have that order.
        int grant = ledger.number(fencingToken);
        if (grant < written.latestGrant) {
            scheduler.fail(new AssertionError("Resource: a write under an earlier grant of " + streamId
                    + " was accepted after one under a later grant"));
        }
        written.latestGrant = grant;
        written.highestToken = fencingToken;
        written.lastAcceptedAt = scheduler.now();
        accepted++;
        return true;
    }

    /** Returns whether it has accepted a write to each of the streams since the given time. */
    boolean servedSince(long nanos, List<String> streamIds) {
        return streamIds.stream().allMatch(id -> streams.containsKey(id) && streams.get(id).lastAcceptedAt > nanos);
    }

    int accepted() {
        return accepted;
    }

    int refused() {
        return refused;
    }
}
