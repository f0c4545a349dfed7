package io.streamlocks.examples.worker;

/**
 * An event of the stream API.
 *
 * @param streamId the stream
 * @param number the place in the stream, from 1 without gaps
 */
record Event(String streamId, long number) {}
