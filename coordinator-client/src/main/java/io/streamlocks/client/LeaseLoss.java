package io.streamlocks.client;

import java.util.Optional;

/**
 * The end of a lease that its holder did not want.
 *
 * @param streamId the stream that may no longer be processed
 * @param fencingToken the token of the lost lease
 * @param reason why it is lost
 * @param breakReason what the operator gave as the reason, if a renewal was told that one ended it
 */
public record LeaseLoss(String streamId, long fencingToken, LossReason reason, Optional<String> breakReason) {}
