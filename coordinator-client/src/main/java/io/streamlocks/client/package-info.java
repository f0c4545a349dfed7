/**
 * The Java client of the Stream Lock Coordinator.
 *
 * <p>{@link io.streamlocks.client.StreamLockClient} is the way in: it acquires leases and keeps them alive. {@link
 * io.streamlocks.client.session} builds workers on it. The calls below are generated from the server's OpenAPI document
 * into {@code io.streamlocks.client.generated}, of which nothing shows here.
 */
package io.streamlocks.client;
