package io.streamlocks.client.session;

import io.streamlocks.client.LeaseLoss;
import java.util.List;
import java.util.Optional;

/**
 * The end of a session.
 *
 * @param streamId the stream
 * @param fencingToken the token of the lease
 * @param state {@link SessionState#STOPPED} or {@link SessionState#ERRORED}
 * @param loss the loss of the lease, if that ended the session
 * @param failure the exception of the handler, if there was one
 * @param unhandled the events that were enqueued and not handled to the end, in order; the one that failed is the first
 * @param <E> an event
 */
public record SessionEnd<E>(
        String streamId,
        long fencingToken,
        SessionState state,
        Optional<LeaseLoss> loss,
        Optional<Throwable> failure,
        List<E> unhandled) {}
