package io.streamlocks.proof.history;

/**
 * A lease in the coordinators' own history. Times are those of the database's clock.
 *
 * @param stream the stream
 * @param owner the owner
 * @param token the fencing token
 * @param acquiredAt when it was granted
 * @param endedAt when it ended; 0 while it is live
 * @param endReason the reason for the end; null while it is live
 * @param endedBy the caller that ended it; may be null
 */
public record Grant(
        String stream, String owner, long token, long acquiredAt, long endedAt, String endReason, String endedBy) {}
