package io.streamlocks.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * The three calls that a holder makes, in its own terms. Held and lost are values; no usable answer is a {@link
 * CoordinatorUnavailableException}, and an answer that says the call was wrong a {@link CoordinatorRefusedException}.
 * Concurrent acquires, and concurrent releases, share requests. Each call blocks for its request. Thread-safe.
 */
abstract class LeaseCalls implements AutoCloseable {

    /** The most that one batch call takes. */
    static final int MAX_BATCH = 1000;

    /** Below the megabyte of body that the coordinator takes. */
    static final int MAX_BATCH_BYTES = 1_000_000;

    /** Which lease: what a renewal and a release need. */
    record LeaseKey(String streamId, UUID leaseId) {
        /** Without the lease id, which is a secret. */
        @Override
        public String toString() {
            return "lease of " + streamId;
        }
    }

    /**
     * A grant.
     *
     * @param fencingToken its token
     * @param expiresIn what the coordinator said was left
     */
    record Grant(long fencingToken, Duration expiresIn) {}

    /** What became of one renewal. */
    sealed interface Renewal {
        record Renewed(Duration expiresIn) implements Renewal {}

        record Lost(LossReason reason, Optional<String> breakReason) implements Renewal {}

        /** This item alone had no usable answer. */
        record Unknown(RuntimeException cause) implements Renewal {}
    }

    /** What became of one release. */
    sealed interface Release {
        record Released() implements Release {}

        /** It was lost before. */
        record Lost(LossReason reason) implements Release {}

        /** This item alone had no usable answer. */
        record Unknown(RuntimeException cause) implements Release {}
    }

    record Acquire(LeaseKey key, String ownerId, Duration ttl) {}

    /**
     * What became of one acquire.
     *
     * @param grant empty if the stream is held, or refused
     * @param refusal what was wrong with this one, to be thrown; null if nothing was
     */
    record Acquired(Optional<Grant> grant, RuntimeException refusal) {}

    private final CallCombiner<Acquire, Acquired> acquires;
    private final CallCombiner<LeaseKey, Release> releases;

    LeaseCalls(ClientRuntime runtime) {
        this.acquires = new CallCombiner<>(runtime, CallCombiner.PATIENCE, this::acquireAll);
        this.releases = new CallCombiner<>(runtime, CallCombiner.PATIENCE, this::releaseAll);
    }

    /** Acquires the lease. Empty if somebody else holds the stream, or an operator keeps it closed for a while. */
    final Optional<Grant> acquire(LeaseKey key, String ownerId, Duration ttl) {
        Acquired acquired = acquires.call(new Acquire(key, ownerId, ttl));
        if (acquired.refusal() != null) {
            throw acquired.refusal();
        }
        return acquired.grant();
    }

    /** Releases the leases, of which there are at most {@link #MAX_BATCH}. One outcome each, in order. */
    final List<Release> release(List<LeaseKey> keys) {
        return keys.size() == 1 ? List.of(releases.call(keys.get(0))) : releaseAll(keys);
    }

    /** Parts that a call can take: of so many items, and so many bytes of JSON, at three for each UTF-16 unit. */
    static <T> List<List<T>> chunks(Collection<T> all, Function<T, LeaseKey> key) {
        List<List<T>> chunks = new ArrayList<>();
        List<T> chunk = new ArrayList<>();
        int bytes = 0;
        for (T one : all) {
            int size = 100 + 3 * key.apply(one).streamId().length();
            if (chunk.size() == MAX_BATCH || bytes + size > MAX_BATCH_BYTES) {
                chunks.add(chunk);
                chunk = new ArrayList<>();
                bytes = 0;
            }
            chunk.add(one);
            bytes += size;
        }
        if (!chunk.isEmpty()) {
            chunks.add(chunk);
        }
        return chunks;
    }

    /** Renews the leases, of which there are at most {@link #MAX_BATCH}, with one request. One outcome each, in order. */
    abstract List<Renewal> renew(List<LeaseKey> keys);

    /** Acquires leases with one request. One outcome each, in order. */
    abstract List<Acquired> acquireAll(List<Acquire> acquires);

    /** Releases leases with one request. One outcome each, in order. */
    abstract List<Release> releaseAll(List<LeaseKey> keys);

    /** Ends the calls under way, if it can. */
    @Override
    public abstract void close();
}
