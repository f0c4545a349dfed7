package io.streamlocks.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * The three calls that a holder makes. Held and lost are values. If there is no usable answer, a call throws a {@link
 * CoordinatorUnavailableException}. If the call was wrong, it throws a {@link CoordinatorRefusedException}. Concurrent
 * acquires share requests, and so do concurrent releases. Each call blocks for its request. This class is thread-safe.
 */
abstract class LeaseCalls implements AutoCloseable {

    /** The bytes that the items of one request may have. The rest of the body is for what encloses them. */
    private static final int MAX_ITEM_BYTES = ContractLimits.MAX_BATCH_BYTES - 48 * 1024;

    /** Names a lease, as a renewal and a release must. */
    record LeaseKey(String streamId, UUID leaseId) {
        /** Returns a text without the lease id, which is a secret. */
        @Override
        public String toString() {
            return "lease of " + streamId;
        }
    }

    /**
     * A grant.
     *
     * @param fencingToken the token of the grant
     * @param length the length of the lease, which each renewal gives it again
     * @param expiresIn the time left, as the answer says; less than the length if the answer is to a repeated call
     * @param waited the time from the arrival of the call until the coordinator determined the time left; zero if the
     *     answer does not say
     */
    record Grant(long fencingToken, Duration length, Duration expiresIn, Duration waited) {}

    /** The outcome of one renewal. */
    sealed interface Renewal {

        /** Returns what the method of this outcome returns. A new outcome adds a method to {@link Cases}. */
        <T> T match(Cases<T> cases);

        /** One method per outcome, so that the compiler finds every place that must handle a new one. */
        interface Cases<T> {
            T renewed(Renewed renewed);

            T lost(Lost lost);

            T unknown(Unknown unknown);
        }

        /**
         * A lease with this id continues.
         *
         * @param fencingToken its token, which is another one if the coordinator has lost the grant and made another
         * @param expiresIn the time left, as the answer says
         * @param waiting how many others wait for the stream
         */
        record Renewed(long fencingToken, Duration expiresIn, int waiting) implements Renewal {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.renewed(this);
            }
        }

        record Lost(LossReason reason, Optional<String> breakReason) implements Renewal {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.lost(this);
            }
        }

        /** There was an answer, but it was not usable for this item. */
        record Unknown(RuntimeException cause) implements Renewal {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.unknown(this);
            }
        }
    }

    /** The outcome of one release. */
    sealed interface Release {

        /** Returns what the method of this outcome returns. A new outcome adds a method to {@link Cases}. */
        <T> T match(Cases<T> cases);

        /** One method per outcome, so that the compiler finds every place that must handle a new one. */
        interface Cases<T> {
            T released();

            T lost(Lost lost);

            T unknown(Unknown unknown);
        }

        record Released() implements Release {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.released();
            }
        }

        /** The lease was lost before. */
        record Lost(LossReason reason) implements Release {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.lost(this);
            }
        }

        /** There was an answer, but it was not usable for this item. */
        record Unknown(RuntimeException cause) implements Release {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.unknown(this);
            }
        }
    }

    /**
     * One acquire.
     *
     * @param key the lease to be, with a new id
     * @param owner this process
     * @param ttl the length of the lease; empty for the coordinator's default
     */
    record Acquire(LeaseKey key, Owner owner, Optional<Duration> ttl) {}

    /** The outcome of one acquire. */
    sealed interface Acquired {

        /** Returns what the method of this outcome returns. A new outcome adds a method to {@link Cases}. */
        <T> T match(Cases<T> cases);

        /** One method per outcome, so that the compiler finds every place that must handle a new one. */
        interface Cases<T> {
            T granted(Grant grant);

            T held(Held held);

            T failed(StreamLockException cause);
        }

        record Granted(Grant grant) implements Acquired {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.granted(grant);
            }
        }

        /**
         * Another owner holds the stream or comes first, or an operator keeps it closed for a while.
         *
         * @param holder the owner that holds it; empty if none does
         */
        record Held(Optional<String> holder) implements Acquired {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.held(this);
            }
        }

        /** There was an answer, but it was not usable for this item, or refused it. */
        record Failed(StreamLockException cause) implements Acquired {
            @Override
            public <T> T match(Cases<T> cases) {
                return cases.failed(cause);
            }
        }
    }

    private final CallCombiner<Acquire, Acquired> acquires;
    private final CallCombiner<LeaseKey, Release> releases;

    LeaseCalls(ClientRuntime runtime) {
        this.acquires =
                new CallCombiner<>(runtime, CallCombiner.PATIENCE, combined -> acquireAll(combined, Duration.ZERO));
        this.releases = new CallCombiner<>(runtime, CallCombiner.PATIENCE, this::releaseAll);
    }

    /**
     * Acquires a lease. Returns empty if another owner holds the stream, or an operator keeps it closed for a while.
     */
    final Optional<Grant> acquire(Acquire acquire) {
        return acquires.call(acquire).match(new Acquired.Cases<>() {
            @Override
            public Optional<Grant> granted(Grant grant) {
                return Optional.of(grant);
            }

            @Override
            public Optional<Grant> held(Acquired.Held held) {
                return Optional.empty();
            }

            @Override
            public Optional<Grant> failed(StreamLockException cause) {
                throw cause;
            }
        });
    }

    /** Releases at most {@link ContractLimits#MAX_BATCH} leases. Returns one outcome for each, in order. */
    final List<Release> release(List<LeaseKey> keys) {
        return keys.size() == 1 ? List.of(releases.call(keys.get(0))) : releaseAll(keys);
    }

    /** Divides calls for leases into parts that fit into a request by their number and their bytes. */
    static <T> List<List<T>> chunks(Collection<T> all, Function<T, LeaseKey> key) {
        return chunks(all, one -> key.apply(one).streamId(), 0);
    }

    /**
     * Divides calls into parts that fit into a request by their number and their bytes. A UTF-16 unit takes at most
     * three bytes.
     *
     * @param moreBytes the bytes of an item beside its stream id and its lease id
     */
    static <T> List<List<T>> chunks(Collection<T> all, Function<T, String> streamId, int moreBytes) {
        List<List<T>> chunks = new ArrayList<>();
        List<T> chunk = new ArrayList<>();
        int bytes = 0;
        for (T one : all) {
            int size = 100 + 3 * streamId.apply(one).length() + moreBytes;
            if (chunk.size() == ContractLimits.MAX_BATCH || bytes + size > MAX_ITEM_BYTES) {
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

    /**
     * Renews at most {@link ContractLimits#MAX_BATCH} leases with one request, so that each keeps its length. Returns
     * one outcome for each, in order.
     */
    final List<Renewal> renew(List<LeaseKey> keys) {
        return renew(keys, Optional.empty());
    }

    /**
     * Renews at most {@link ContractLimits#MAX_BATCH} leases with one request. Returns one outcome for each, in order.
     *
     * @param length the length of each lease from now on; empty if it stays the same
     */
    abstract List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length);

    /**
     * Acquires leases with one request. Returns one outcome for each, in order.
     *
     * @param wait how long the coordinator may wait until it can grant one of them; zero for not at all. Such a call
     *     must have connections of its own
     */
    abstract List<Acquired> acquireAll(List<Acquire> acquires, Duration wait);

    /** Returns if the coordinator serves calls. This needs no rights. */
    abstract void checkReady();

    /** Releases leases with one request. Returns one outcome for each, in order. */
    abstract List<Release> releaseAll(List<LeaseKey> keys);

    /**
     * Ends the call under way, if it can, because it has no answer.
     *
     * @param late for how long the answer is overdue
     * @param why the failure
     */
    void abandon(Duration late, CoordinatorUnavailableException why) {
        close();
    }

    /** Ends the calls under way, if it can. */
    @Override
    public abstract void close();
}
