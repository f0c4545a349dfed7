package io.streamlocks.client;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The coordinator gave no usable answer: it could not be reached, did not answer in time, or returned 429 or 5xx.
 * Whether the call took effect is unknown. Its last try had no effect if no connection could be opened, or after 429
 * {@code rate-limited}, {@code too-many-leases} and {@code too-many-waiters}. But the client may have tried the call
 * before, and an earlier try without an answer may have had an effect. Try again later, and not before {@link
 * #retryAfter()}.
 */
public final class CoordinatorUnavailableException extends StreamLockException {

    private static final long serialVersionUID = 1L;

    private final int status;

    /** Null if the answer named no time, since an {@link Optional} cannot be serialized. */
    private final @Nullable Duration retryAfter;

    private final boolean isWithoutEffect;

    /**
     * The answer that was not usable.
     *
     * @param status the HTTP status; 0 if there was no answer
     * @param retryAfter the time that the answer named
     * @param isWithoutEffect whether the call is known to have had no effect
     */
    record Answer(int status, Optional<Duration> retryAfter, boolean isWithoutEffect) {
        static final Answer NONE = new Answer(0, Optional.empty(), false);

        /** The call was not sent, because there was no connection. */
        static final Answer UNSENT = new Answer(0, Optional.empty(), true);
    }

    /** The call had no answer, or one that the client could not use. */
    CoordinatorUnavailableException(String message, Optional<String> streamId, Optional<? extends Throwable> cause) {
        this(message, streamId, cause, Answer.NONE);
    }

    CoordinatorUnavailableException(
            String message, Optional<String> streamId, Optional<? extends Throwable> cause, Answer answer) {
        super(message, streamId, cause);
        this.status = answer.status();
        this.retryAfter = answer.retryAfter().orElse(null);
        this.isWithoutEffect = answer.isWithoutEffect();
    }

    /** Returns the same for one stream of the call. Threads whose calls share a request get an exception each. */
    CoordinatorUnavailableException ofStream(String streamId) {
        if (streamId().isPresent()) {
            return this;
        }
        Answer answer = new Answer(status, retryAfter(), isWithoutEffect);
        return new CoordinatorUnavailableException(getMessage(), Optional.of(streamId), Optional.of(this), answer);
    }

    /**
     * Returns for how long the coordinator asked not to be called, as the {@code Retry-After} of a 429 or 503 says;
     * empty if it named no time. After a 429 {@link StreamLockClient#tryAcquire} waits for that long by itself. After a
     * 503 it does not, because the next try may reach another server. If a lease was refused as {@code
     * too-many-leases} or {@code too-many-waiters} in a batch, the answer names no time for it, and this returns the
     * client's own constant of 5 s or 1 s.
     */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** Returns whether there was an answer, with a status that names an outage. */
    boolean isAnswered() {
        return status != 0;
    }

    /** Returns the pause that the next try must keep, whichever server it reaches. */
    Duration pause() {
        return status == 429 ? retryAfter().orElse(Duration.ZERO) : Duration.ZERO;
    }

    /**
     * Returns whether the call had no effect: it was not sent, or the coordinator refused one call, lease or waiter too
     * many.
     */
    boolean isWithoutEffect() {
        return isWithoutEffect;
    }

    /** Returns whether the call was not sent, because there was no connection. */
    boolean isUnsent() {
        return status == 0 && isWithoutEffect;
    }

    /** Returns whether the same call might have had a usable answer of another server. */
    boolean isOfServer() {
        return status == 0 || status >= 500;
    }
}
