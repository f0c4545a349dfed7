package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How much the storage drags along, and what keeps it from being cleared away.
 *
 * @param oldestTransaction for how long the oldest transaction has been open, zero if none is; empty if the server may not see
 *     the start of one
 * @param heldTransactions how many transactions ago the oldest snapshot was taken: what has become obsolete since is kept for
 *     whoever has it
 * @param liveRows how many streams have a row, as the storage estimates; empty if it counts none
 * @param deadRows how many obsolete versions of those rows are kept, likewise
 */
public record StorageCondition(
        Optional<Duration> oldestTransaction, long heldTransactions, OptionalLong liveRows, OptionalLong deadRows) {}
