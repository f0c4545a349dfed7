/**
 * Group commit: many callers, few statements. In front of any {@link io.streamlocks.coordinator.lock.LockManager}, and
 * the way in which the HTTP API reaches it: without a thread that waits for each call.
 */
package io.streamlocks.coordinator.lock.group;
