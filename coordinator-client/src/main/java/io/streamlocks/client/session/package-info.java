/**
 * Sessions. A worker process has one for each stream that it processes, under the lease of the stream.
 *
 * <p>{@link io.streamlocks.client.session.SessionRegistry} claims a stream before it opens a session. It hands the
 * session its events in order, one at a time, and ends it when its lease is lost. {@link
 * io.streamlocks.client.session.PollLoop} feeds the registry, and {@link io.streamlocks.client.session.StreamWorker}
 * stops all parts in order.
 */
package io.streamlocks.client.session;
