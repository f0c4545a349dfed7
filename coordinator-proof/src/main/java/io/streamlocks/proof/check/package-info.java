/**
 * Checks whether a recorded history keeps the coordinator's promises, stream by stream. Each rule is a pure function of
 * a {@link io.streamlocks.proof.check.StreamHistory}. Only {@link io.streamlocks.proof.check.Check} reads files.
 *
 * <p>There are two clocks, and no rule compares a moment of one clock with a moment of the other. Leases begin and end
 * on the database's clock. Calls are sent and get responses on the machine's monotonic clock. It orders two calls if
 * the response of one came before the other one was sent. Rules assume only that a ttl is equally long on both clocks.
 * A call without a response may have been carried out or not, at that time or later.
 */
package io.streamlocks.proof.check;
