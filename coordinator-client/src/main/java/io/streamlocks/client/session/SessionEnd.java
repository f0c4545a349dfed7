package io.streamlocks.client.session;

import io.streamlocks.client.LeaseLoss;
import java.util.List;
import java.util.Optional;

/**
 * How a session ended.
 *
 * @param streamId its stream
 * @param fencingToken the token of its lease
 * @param state {@link SessionState#STOPPED} or {@link SessionState#ERRORED}
 * @param loss the loss of its lease, if that ended it
 * @param failure what its handler threw, if anything
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
