package io.streamlocks.bench;

/**
 * A bar of a {@link Chart}.
 *
 * @param contender the contender
 * @param workers the number of workers
 * @param perSecond the length
 * @param flagged whether there were errors
 */
record Bar(String contender, int workers, double perSecond, boolean flagged) {}
