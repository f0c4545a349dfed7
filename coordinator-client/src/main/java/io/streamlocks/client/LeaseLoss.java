package io.streamlocks.client;

/**
 * The end of a lease that its holder did not want.
 *
 * @param streamId the stream that may no longer be processed
 * @param fencingToken the token of the lost lease
 * @param reason why it is lost
 */
public record LeaseLoss(String streamId, long fencingToken, LossReason reason) {}
