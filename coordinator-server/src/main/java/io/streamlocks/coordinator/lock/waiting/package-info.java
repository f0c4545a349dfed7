/**
 * The calls that wait at this server for streams. The storage keeps the queues and hands streams over ({@link
 * io.streamlocks.coordinator.lock}). This package takes places for the calls, finds out what they were granted, and ends
 * them in time. A call that waits has neither a thread nor a connection.
 */
@NullMarked
package io.streamlocks.coordinator.lock.waiting;

import org.jspecify.annotations.NullMarked;
