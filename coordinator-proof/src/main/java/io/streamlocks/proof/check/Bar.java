package io.streamlocks.proof.check;

/**
 * A lease on the timeline of its stream.
 *
 * @param stream the stream
 * @param owner the holder
 * @param from when it was shown first, monotonic
 * @param to when its release was asked for, or until when it was last confirmed, monotonic
 */
public record Bar(String stream, String owner, long from, long to) {}
