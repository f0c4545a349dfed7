package io.streamlocks.coordinator.lock;

/**
 * More calls are waiting for the storage than it can answer in good time. The outcome is <em>unknown</em> as far as the
 * caller may rely on: a batch may have been carried out in part. Trying it again later, with the same lease id, is safe.
 */
public final class OverloadedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what was refused, for the log
     */
    public OverloadedException(String message) {
        // Made for each call that an overload refuses, so it must cost little; where it was made says nothing.
        super(message, null, false, false);
    }
}
