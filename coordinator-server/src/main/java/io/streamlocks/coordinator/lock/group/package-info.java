/**
 * Group commit: many callers share few statements. It stands in front of a {@link
 * io.streamlocks.coordinator.lock.LockCalls backend}. The HTTP API calls it without a thread that waits for each call.
 *
 * <p>Callers share the scarce resources: each gets its part of a statement, of the room to wait, and of the threads
 * that read, however much the others ask for.
 */
@NullMarked
package io.streamlocks.coordinator.lock.group;

import org.jspecify.annotations.NullMarked;
