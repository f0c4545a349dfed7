package io.streamlocks.client;

import java.time.Duration;

/**
 * The length of a lease, which extensions change. This class only computes. It is not thread-safe.
 *
 * <p>The coordinator can carry out requests of one lease in another order than their answers arrive. A renewal and an
 * extension that are under way at the same time leave it open which came last: the answer to the renewal may report an
 * end that the extension has since moved back. An extension without an answer can even arrive later than every renewal
 * after it. So an answer counts in full only if no extension was under way at the same time, and none is without an
 * answer. Otherwise it counts for no more than the shortest extension, whichever came last.
 */
final class LeaseLength {

    private Duration length;

    /** The shortest extension so far; the longest possible length if there is none. */
    private Duration shortestAsked = ContractLimits.MAX_TTL;

    private Duration longest;

    private long begun;
    private int underWay;

    /** Whether an extension had no usable answer. It can take effect at any later time. */
    private boolean hasUnanswered;

    /**
     * A request at the time when it was sent.
     *
     * @param begun how many extensions had begun, with this one
     * @param isAlone whether none was under way or without an answer
     */
    record Sending(long begun, boolean isAlone) {}

    LeaseLength(Duration granted) {
        this.length = granted;
        this.longest = granted;
    }

    /** Takes note that a renewal is sent. */
    Sending renews() {
        return new Sending(begun, isSettled());
    }

    /** Takes note that an extension is sent. */
    Sending extend(Duration asked) {
        Sending sending = new Sending(begun + 1, isSettled());
        begun++;
        underWay++;
        shortestAsked = shorter(shortestAsked, asked);
        longest = longest.compareTo(asked) > 0 ? longest : asked;
        return sending;
    }

    /** Takes note that an extension is over. */
    void extended(Sending sending, Duration asked, boolean isConfirmed) {
        boolean alone = isAlone(sending);
        underWay--;
        hasUnanswered |= !isConfirmed;
        if (isConfirmed) {
            length = alone ? asked : shorter(length, asked);
        }
    }

    /**
     * Takes in the time left that an answer reports. If no extension can have affected the answer, the lease has this
     * length. It can differ from that of the last extension, because a fail-over can lose one.
     */
    void confirmed(Sending sending, Duration expiresIn) {
        if (isAlone(sending)) {
            // A late answer reports less than the length, but no lease is shorter than this.
            length = expiresIn.compareTo(ContractLimits.MIN_TTL) < 0 ? ContractLimits.MIN_TTL : expiresIn;
        }
    }

    private boolean isSettled() {
        return underWay == 0 && !hasUnanswered;
    }

    /** Returns whether no extension was under way at the same time as a request, and none is without an answer. */
    boolean isAlone(Sending sending) {
        return sending.isAlone() && sending.begun() == begun;
    }

    /** Returns how much of the time left counts that the answer to a request reports. */
    Duration bounded(Sending sending, Duration expiresIn) {
        return isAlone(sending) ? expiresIn : shorter(expiresIn, shortestAsked);
    }

    /** Returns the length that the lease may have, by which it must be renewed. */
    Duration shortest() {
        return isSettled() ? length : shorter(length, shortestAsked);
    }

    /** Returns whether an extension was ever sent. Its answer may have been too late, or may be missing. */
    boolean isExtended() {
        return begun > 0;
    }

    /** Returns the longest length that the lease can have had. */
    Duration longest() {
        return longest;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
