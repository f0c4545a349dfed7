package io.streamlocks.proof.history;

/**
 * A lease as the coordinators' own history has it.
 *
 * @param stream the stream
 * @param owner who was granted it
 * @param token its fencing token
 * @param acquiredAt when, by the database's clock
 * @param endedAt when it ended, by the database's clock; 0 while it is live
 * @param endReason how; null while it is live
 * @param endedBy by whom; may be null
 */
public record Grant(
        String stream, String owner, long token, long acquiredAt, long endedAt, String endReason, String endedBy) {}
