package io.streamlocks.coordinator.lock;

/**
 * Another transaction has a stream locked that had to be looked at, so nothing is certain. It is no failure of the storage,
 * and asking again is safe.
 */
public final class BlockedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int ended;

    /**
     * @param message what was not done, for the caller
     * @param ended how many leases were ended all the same
     */
    public BlockedException(String message, int ended) {
        // It may be made for each look at a locked stream, so it must cost little; where it was made says nothing.
        super(message, null, false, false);
        this.ended = ended;
    }

    /** How many leases were ended all the same. */
    public int ended() {
        return ended;
    }
}
