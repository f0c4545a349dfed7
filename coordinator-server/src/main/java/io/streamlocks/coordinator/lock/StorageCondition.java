package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The obsolete row versions of the storage, the transactions that prevent their removal, and the epoch.
 *
 * @param oldestTransaction how long the oldest transaction has been open, zero if none is open; empty if the role of
 *     the server may not see its start
 * @param heldTransactions the number of transactions since the oldest snapshot; the storage keeps every row version
 *     that became obsolete since then
 * @param liveRows the number of rows of streams, as the storage estimates it; empty if it keeps no statistics
 * @param deadRows the number of obsolete versions of those rows, likewise
 * @param epoch the number of the epoch; another one may lack grants of the one before
 */
public record StorageCondition(
        Optional<Duration> oldestTransaction,
        long heldTransactions,
        OptionalLong liveRows,
        OptionalLong deadRows,
        long epoch) {}
