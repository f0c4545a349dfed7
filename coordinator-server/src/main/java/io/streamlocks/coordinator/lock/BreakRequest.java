package io.streamlocks.coordinator.lock;

import java.util.Optional;

/**
 * A request by an operator to end a lease that is somebody else's.
 *
 * @param streamId the stream
 * @param expectedFencingToken ends the lease with this token only, so that none is ended that was granted since the
 *     operator looked; empty for whichever is live
 * @param ownerPrefix what the owner of the lease must begin with, empty for any; a lease of another owner stays, and the
 *     caller hears that none is live
 * @param breaking why, by whom, and for how long the stream stays closed
 */
public record BreakRequest(
        String streamId, Optional<Long> expectedFencingToken, String ownerPrefix, Breaking breaking) {

    /** A request for the lease of any owner. */
    public BreakRequest(String streamId, Optional<Long> expectedFencingToken, Breaking breaking) {
        this(streamId, expectedFencingToken, "", breaking);
    }
}
