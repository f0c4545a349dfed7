package io.streamlocks.proof.check;

/**
 * A lease on the timeline of its stream. Times are monotonic.
 *
 * @param stream the stream
 * @param owner the holder
 * @param from when the first response with the lease came
 * @param to when the holder sent the release, or the end that was confirmed last
 */
public record Bar(String stream, String owner, long from, long to) {}
