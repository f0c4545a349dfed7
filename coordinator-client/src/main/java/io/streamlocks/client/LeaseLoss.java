package io.streamlocks.client;

import java.util.Optional;

/**
 * The end of a lease that its holder did not want.
 *
 * @param streamId the stream that may no longer be processed
 * @param fencingToken the token of the lost lease
 * @param reason the reason
 * @param breakReason the reason that an operator gave, if the answer to a renewal reports that an operator ended the
 *     lease
 */
public record LeaseLoss(String streamId, long fencingToken, LossReason reason, Optional<String> breakReason) {}
