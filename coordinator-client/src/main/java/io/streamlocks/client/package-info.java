/**
 * The Java client of the Stream Lock Coordinator.
 *
 * <p>Start with {@link io.streamlocks.client.StreamLockClient}: it acquires leases and keeps them alive. {@link
 * io.streamlocks.client.session} builds workers on it. All exceptions are {@link
 * io.streamlocks.client.StreamLockException}s. The calls below are generated from the server's OpenAPI document into
 * {@code io.streamlocks.client.generated}, which no public type shows.
 */
package io.streamlocks.client;
