package io.streamlocks.examples.faults.history;

/**
 * What the resource did, in its own order.
 *
 * @param stream the stream
 * @param number what was written; 0 where a worker has opened the stream
 * @param token the token that came with it
 * @param owner who it was
 */
public record Write(String stream, long number, long token, String owner) {}
