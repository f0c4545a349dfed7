package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The streams that a registry has claimed, each with its place. A stream has at most one place, and the number of
 * places is limited.
 *
 * <p>Each method is one step under this object's monitor, and none of them blocks. Two steps decide who releases a
 * lease when the registry stops. {@link #stop} marks the sessions that are open: the stopping thread releases their
 * leases with one call. {@link #handBack} unmarks the sessions whose handler has not returned. A session that ends asks
 * {@link #isReleasedTogether} before it releases its lease. So at least one of the two threads releases each lease: the
 * session if it asked before it was marked or after it was unmarked, and the stopping thread if the session is still
 * marked when it has ended. Both do so if a session asked before {@link #stop} and its place is not free yet. This is
 * harmless, because closing a lease again does nothing.
 *
 * <p>This class is thread-safe.
 */
final class StreamClaims<E> {

    private final int most;

    // All of these are guarded by this.
    private final Map<String, Place<E>> places = new HashMap<>();
    private final Set<Place<E>> releasedTogether = new HashSet<>();
    private boolean running = true;

    /** @param most the most places at a time */
    StreamClaims(int most) {
        this.most = most;
    }

    /** The outcome of a claim. */
    sealed interface Claim<E> {

        /** The stream has a place. The thread that got it {@code isNew} must open the session. */
        record Granted<E>(Place<E> place, boolean isNew) implements Claim<E> {}

        /** The stream has no place. */
        record Denied<E>(RouteResult why) implements Claim<E> {}
    }

    /** Returns the place of a stream, which is made if there is room for it. */
    synchronized Claim<E> claim(String streamId) {
        if (!running) {
            return new Claim.Denied<>(RouteResult.REJECTED);
        }
        Place<E> place = places.get(streamId);
        if (place != null) {
            return new Claim.Granted<>(place, false);
        }
        if (places.size() >= most) {
            return new Claim.Denied<>(RouteResult.CAPACITY);
        }
        Place<E> made = new Place<>();
        places.put(streamId, made);
        return new Claim.Granted<>(made, true);
    }

    /** Returns how many more places there may be. */
    synchronized int room() {
        return most - places.size();
    }

    /** Frees a place. Its stream may have another one by now. */
    synchronized void free(String streamId, Place<E> place) {
        places.remove(streamId, place);
    }

    /**
     * Announces the session of a place. {@link #stop} comes before or after this as a whole.
     *
     * @return whether the registry stops, and has not seen the session
     */
    synchronized boolean open(Place<E> place, Session<E> session) {
        place.opened().complete(Optional.of(session));
        return !running;
    }

    /** Returns the leases that are held, by stream. */
    synchronized Map<String, HeldLease> leases() {
        Map<String, HeldLease> leases = new HashMap<>();
        places.forEach((streamId, place) -> place.lease().ifPresent(lease -> leases.put(streamId, lease)));
        return leases;
    }

    /** Returns the leases that are held, by stream, without those whose session is ending. */
    synchronized Map<String, HeldLease> leasesAtWork() {
        Map<String, HeldLease> leases = leases();
        leases.keySet()
                .removeIf(
                        streamId -> session(streamId).filter(Session::isEnding).isPresent());
        return leases;
    }

    /** Returns the session of a stream. */
    synchronized Optional<Session<E>> session(String streamId) {
        return Optional.ofNullable(places.get(streamId)).flatMap(Place::session);
    }

    /** Returns all sessions. */
    synchronized List<Session<E>> sessions() {
        return sessionsAt(places.values());
    }

    /** Returns the states of all sessions by their streams. */
    synchronized Map<String, SessionState> states() {
        Map<String, SessionState> states = new HashMap<>();
        places.forEach(
                (streamId, place) -> place.session().ifPresent(session -> states.put(streamId, session.state())));
        return states;
    }

    /** Returns the sessions of places. */
    static <E> List<Session<E>> sessionsAt(Collection<Place<E>> places) {
        return places.stream().flatMap(place -> place.session().stream()).toList();
    }

    /** Denies all claims from now on. Returns the places there are; empty if this was called before. */
    synchronized Optional<Map<String, Place<E>>> stop() {
        if (!running) {
            return Optional.empty();
        }
        running = false;
        Map<String, Place<E>> all = new HashMap<>(places);
        all.values().stream().filter(place -> place.session().isPresent()).forEach(releasedTogether::add);
        return Optional.of(all);
    }

    /** Returns whether the stopping thread releases the lease of a place, and not the session itself. */
    synchronized boolean isReleasedTogether(Place<E> place) {
        return releasedTogether.contains(place);
    }

    /**
     * Frees the places whose sessions have ended, among those that the stopping thread releases. The others become the
     * business of their sessions again: another worker would work beside a handler that has not returned.
     *
     * @param all the places at {@link #stop}
     * @return the sessions that have ended, whose leases the caller must release
     */
    synchronized List<Session<E>> handBack(Map<String, Place<E>> all) {
        List<Session<E>> ended = new ArrayList<>();
        all.forEach((streamId, place) -> {
            Optional<Session<E>> session = place.session()
                    .filter(one ->
                            releasedTogether.contains(place) && one.ended().isDone());
            if (session.isPresent()) {
                ended.add(session.get());
                places.remove(streamId, place);
            } else {
                releasedTogether.remove(place);
            }
        });
        return ended;
    }
}
