/**
 * The memory backend: for development, tests and a single server whose leases need not outlive it. The monotonic clock
 * of the process is its clock.
 */
package io.streamlocks.coordinator.lock.memory;
