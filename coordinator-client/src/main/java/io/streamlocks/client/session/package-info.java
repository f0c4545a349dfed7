/**
 * Sessions: one for each stream that this process processes, each under a lease of its stream.
 *
 * <p>{@link io.streamlocks.client.session.SessionRegistry} claims a stream before its session is opened, hands the
 * session its events in order, one at a time, and ends it when its lease is lost. {@link
 * io.streamlocks.client.session.PollLoop} feeds it.
 */
package io.streamlocks.client.session;
