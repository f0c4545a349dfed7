/**
 * The memory backend, for development, tests, and a single server whose leases need not survive a restart. Its clock is
 * the monotonic clock of the process.
 */
@NullMarked
package io.streamlocks.coordinator.lock.memory;

import org.jspecify.annotations.NullMarked;
