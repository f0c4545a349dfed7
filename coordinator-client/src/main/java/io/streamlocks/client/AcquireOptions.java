package io.streamlocks.client;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How one lease differs from the others of its client. The values of the client hold for everything that is not set
 * here. {@link StreamLockClient#tryAcquire(String, AcquireOptions)} and {@link StreamLockClient#acquire(String,
 * Duration, AcquireOptions)} take these options.
 *
 * <p>The calls for several streams ({@link StreamLockClient#acquireAny}, {@link Waiter}, {@link GroupMember} and
 * sessions) and {@link StreamLockClient#runWithLease} take none. They serve workers whose leases are all alike, and
 * these workers set the values in the builder of the client. A program that needs both has two clients.
 *
 * <p>This class is immutable and thread-safe. Each method returns a new object.
 */
public final class AcquireOptions {

    private static final AcquireOptions DEFAULTS = new AcquireOptions(Optional.empty(), Optional.empty(), true);

    private final Optional<Duration> ttl;
    private final Optional<Map<String, String>> labels;
    private final boolean isRenewed;

    private AcquireOptions(Optional<Duration> ttl, Optional<Map<String, String>> labels, boolean isRenewed) {
        this.ttl = ttl;
        this.labels = labels;
        this.isRenewed = isRenewed;
    }

    /** Returns options that set nothing. */
    public static AcquireOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Sets the length of the lease, from 1 s to 24 h. The coordinator counts whole milliseconds. While the lease is
     * held and renewed, the client goes by the shortest length of its leases, as far as its builder sets nothing else:
     * it renews all of them at a third of that length, and waits for a quarter of it for a connection, and as long for
     * the answer. A call that waits for a stream has its wait in addition. So choose no shorter length than necessary.
     *
     * @throws IllegalArgumentException if the length is out of its range
     */
    public AcquireOptions withTtl(Duration length) {
        Timing.requireTtl(length);
        return new AcquireOptions(Optional.of(length), labels, isRenewed);
    }

    /**
     * Sets what else operators see of the holder, instead of the labels of the client: up to 16 names of 1 to 63
     * printable characters, with values of up to 255.
     *
     * @throws IllegalArgumentException if there are too many labels, a name is empty, a name or value is too long, or
     *     one has half of a surrogate pair
     */
    public AcquireOptions withLabels(Map<String, String> namesAndValues) {
        Map<String, String> copy = Map.copyOf(namesAndValues);
        Owner.requireLabels(copy);
        return new AcquireOptions(ttl, Optional.of(copy), isRenewed);
    }

    /**
     * Does not renew the lease: it ends after its length, unless it is {@linkplain HeldLease#extend extended}. So a
     * piece of work that hangs does not keep the stream for ever. The loss at the end of the safe time is reported as
     * for every other lease, with the reason {@link LossReason#UNCONFIRMED}.
     */
    public AcquireOptions withoutRenewal() {
        return new AcquireOptions(ttl, labels, false);
    }

    Optional<Duration> ttl() {
        return ttl;
    }

    Optional<Map<String, String>> labels() {
        return labels;
    }

    boolean isRenewed() {
        return isRenewed;
    }

    /** Returns the options as text. */
    @Override
    public String toString() {
        return "AcquireOptions[ttl=" + ttl.map(Objects::toString).orElse("that of the client") + ", labels="
                + labels.map(Objects::toString).orElse("those of the client") + ", renewed=" + isRenewed + "]";
    }
}
