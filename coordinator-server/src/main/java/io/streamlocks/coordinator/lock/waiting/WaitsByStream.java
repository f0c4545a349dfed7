package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AwaitedStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The requests that wait at this server, by stream, and what is known of each stream. {@link AwaitedStreams} guards it.
 */
final class WaitsByStream {

    private static final class Stream {
        /** The fencing token of the latest lease that was seen. */
        private long token;

        private boolean hasTimer;

        /** The requests that wait, and whether the storage has confirmed their places. */
        private final Map<Wait, Boolean> waits = new LinkedHashMap<>();
    }

    /**
     * What the state of a stream means.
     *
     * @param granted the requests that its lease was granted to
     * @param isFree whether it can be granted now
     * @param needsTimer whether it can be granted within the horizon, and no timer runs for that moment
     */
    record Seen(List<Wait> granted, boolean isFree, boolean needsTimer) {}

    private final Map<String, Stream> streams = new HashMap<>();

    boolean isEmpty() {
        return streams.isEmpty();
    }

    /** Returns the ids of all streams. */
    Set<String> streamIds() {
        return streams.keySet();
    }

    void add(Wait wait) {
        streams.computeIfAbsent(wait.streamId(), id -> new Stream()).waits.put(wait, false);
    }

    void remove(Wait wait) {
        streams.computeIfPresent(wait.streamId(), (id, stream) -> {
            stream.waits.remove(wait);
            return stream.waits.isEmpty() ? null : stream;
        });
    }

    /** Records that a request has its place. Returns whether nothing is known of its stream yet. */
    boolean confirm(Wait wait) {
        Stream stream = streams.get(wait.streamId());
        return stream != null && stream.waits.replace(wait, true) != null && stream.token == 0;
    }

    /** Returns whether a lease is newer than the one that was seen last. It is not if nobody waits for its stream. */
    boolean isNew(String streamId, long fencingToken) {
        Stream stream = streams.get(streamId);
        return stream != null && stream.token < fencingToken;
    }

    List<AwaitedStream.Known> known(Collection<String> streamIds) {
        List<AwaitedStream.Known> known = new ArrayList<>(streamIds.size());
        for (String streamId : streamIds) {
            Stream stream = streams.get(streamId);
            if (stream != null) {
                known.add(new AwaitedStream.Known(streamId, stream.token));
            }
        }
        return known;
    }

    /** Records the state of a stream. If {@link Seen#needsTimer}, the caller starts the timer. */
    Seen see(AwaitedStream state, Duration horizon) {
        Stream stream = streams.get(state.streamId());
        if (stream == null) {
            return new Seen(List.of(), false, false);
        }
        stream.token = Math.max(stream.token, state.fencingToken());
        List<Wait> granted = state.lease()
                .map(lease -> stream.waits.keySet().stream()
                        .filter(wait -> wait.isFor(lease))
                        .toList())
                .orElse(List.of());
        boolean isFree = state.grantableIn().isZero();
        boolean needsTimer = !isFree && state.grantableIn().compareTo(horizon) <= 0 && !stream.hasTimer;
        stream.hasTimer |= needsTimer;
        return new Seen(granted, isFree, needsTimer);
    }

    /** Records that the timer of a stream has run. Returns whether anybody still waits for the stream. */
    boolean timerHasRun(String streamId) {
        Stream stream = streams.get(streamId);
        if (stream == null) {
            return false;
        }
        stream.hasTimer = false;
        return true;
    }

    /** Returns the requests that have their places, as far as is known. */
    List<Wait> confirmed() {
        List<Wait> confirmed = new ArrayList<>();
        streams.values()
                .forEach(stream -> stream.waits.forEach((wait, isConfirmed) -> {
                    if (isConfirmed) {
                        confirmed.add(wait);
                    }
                }));
        return confirmed;
    }
}
