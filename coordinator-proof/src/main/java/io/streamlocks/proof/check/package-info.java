/**
 * Decides whether a recorded history kept the coordinator's promises, stream by stream. Each rule is a pure function of a
 * {@link io.streamlocks.proof.check.StreamHistory}; only {@link
 * io.streamlocks.proof.check.Check} reads files.
 *
 * <p>The rules know two clocks and compare no moment of one with one of the other; only that a lease lasts for its ttl is
 * taken to hold on both. On the database's clock leases begin and end. On the machine's monotonic clock calls are sent and
 * answered, which tells what came after what: a call that was answered before another was sent. What had no answer may
 * have happened or not, then or later.
 */
package io.streamlocks.proof.check;
