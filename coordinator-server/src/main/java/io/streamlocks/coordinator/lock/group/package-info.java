/**
 * Group commit: many callers, few statements. In front of any {@link io.streamlocks.coordinator.lock.LockManager}, and
 * the way in which the HTTP API reaches it: without a thread that waits for each call. What is scarce is shared by callers:
 * each has its part of a statement, of the room to wait, and of the threads that read, however much the others ask for.
 */
package io.streamlocks.coordinator.lock.group;
