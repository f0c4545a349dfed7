package io.streamlocks.proof.history;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.streamlocks.examples.api.StreamApi;
import java.util.List;

/**
 * A write that a resource has accepted.
 *
 * @param stream the stream
 * @param number the number of the event; 0 if a worker opened the stream
 * @param token the fencing token of the request
 * @param owner the owner id of the worker
 */
public record Write(String stream, long number, long token, String owner) {

    /** Returns all writes that a resource has accepted, stream by stream and in its own order. */
    public static List<Write> acceptedBy(StreamApi api) {
        return api.streams().entrySet().stream()
                .flatMap(stream -> stream.getValue().entries().stream()
                        .map(entry ->
                                new Write(stream.getKey(), entry.number(), entry.fencingToken(), entry.workerId())))
                .toList();
    }

    /** Returns whether a worker opened the stream with it, and wrote nothing. */
    @JsonIgnore
    public boolean isOpening() {
        return number == 0;
    }
}
