package io.streamlocks.client.session;

import java.util.Objects;

/**
 * An event and the stream it belongs to.
 *
 * @param streamId the stream
 * @param event the event
 * @param <E> an event
 */
public record StreamEvent<E>(String streamId, E event) {

    public StreamEvent {
        Objects.requireNonNull(streamId, "streamId");
        Objects.requireNonNull(event, "event");
    }
}
