package io.streamlocks.coordinator.lock.group;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * Requests of a call that are carried out together. The first part of a call is all of it; later parts are the requests
 * that are tried again.
 *
 * @param call the call
 * @param requests the requests
 * @param positions their positions in the call; empty if they are all of it
 * @param otherwise the outcome of each of them if it is not carried out; empty if the call then fails as a whole
 * @param tries how often they were tried, or waited while others of their call were
 * @param blockedNanos when one of them was blocked for the first time; empty if none was
 */
record Part<Q, O>(
        Call<Q, O> call,
        List<Q> requests,
        Optional<int[]> positions,
        Optional<O> otherwise,
        int tries,
        OptionalLong blockedNanos) {

    /** Returns the part that is all of a call. */
    static <Q, O> Part<Q, O> all(Call<Q, O> call, List<Q> requests) {
        return new Part<>(call, requests, Optional.empty(), Optional.empty(), 0, OptionalLong.empty());
    }

    int size() {
        return requests.size();
    }

    String streamId(int index) {
        return call.operation().streamId(requests.get(index));
    }

    void addStreamIdsTo(Collection<String> streamIds) {
        for (int i = 0; i < size(); i++) {
            streamIds.add(streamId(i));
        }
    }

    boolean namesOneOf(Collection<String> streamIds) {
        return !streamIds.isEmpty() && IntStream.range(0, size()).anyMatch(i -> streamIds.contains(streamId(i)));
    }

    /** Returns its first requests as a part of their own. */
    Part<Q, O> first(int count) {
        return new Part<>(
                call,
                requests.subList(0, count),
                Optional.of(positions(IntStream.range(0, count).toArray())),
                Optional.of(call.operation().undecided()),
                tries,
                blockedNanos);
    }

    /** Returns the requests behind its {@link #first}. */
    Part<Q, O> rest(int count) {
        return new Part<>(
                call,
                requests.subList(count, size()),
                Optional.of(positions(IntStream.range(count, size()).toArray())),
                Optional.of(call.operation().undecided()),
                Math.max(1, tries),
                blockedNanos);
    }

    /** Returns the requests that a statement left undecided, to be tried again. */
    Part<Q, O> undecided(int[] indices) {
        return new Part<>(
                call,
                at(indices),
                Optional.of(positions(indices)),
                Optional.of(call.operation().undecided()),
                tries + 1,
                blockedNanos);
    }

    /** Returns the requests that were blocked, to be tried again. */
    Part<Q, O> blocked(int[] indices, long nowNanos) {
        return new Part<>(
                call,
                at(indices),
                Optional.of(positions(indices)),
                Optional.of(call.operation().blocked()),
                tries + 1,
                OptionalLong.of(blockedNanos.orElse(nowNanos)));
    }

    private List<Q> at(int[] indices) {
        return IntStream.of(indices).mapToObj(requests::get).toList();
    }

    private int[] positions(int[] indices) {
        return positions
                .map(own -> IntStream.of(indices).map(i -> own[i]).toArray())
                .orElse(indices);
    }

    /**
     * Returns whether its blocked requests are tried again. A caller with other requests gets their outcomes soon,
     * because it may have to renew leases with them.
     */
    boolean isPatient(Backlog backlog) {
        return call.isOpen()
                && !(call.size() == 1
                        ? backlog.hasWaitedTooLong(call.askedNanos())
                        : blockedNanos.isPresent()
                                && backlog.isOlderThan(Backlog.MAX_BLOCKED_MS, blockedNanos.getAsLong()));
    }

    /** Returns whether other requests of its call went first. */
    boolean isLeftOver() {
        return tries > 0
                && otherwise.filter(call.operation().undecided()::equals).isPresent();
    }

    /** Adds the outcomes of all requests to the call. */
    void decide(List<O> decided) {
        positions.ifPresentOrElse(own -> call.decide(own, decided), () -> call.decide(decided));
    }

    /** Adds the outcomes of some requests to the call. */
    void decide(int[] indices, List<O> decided) {
        call.decide(positions(indices), decided);
    }

    /** Ends this part without carrying it out. The outcomes that its call already has remain. */
    void giveUp(Throwable cause) {
        otherwise.ifPresentOrElse(outcome -> decide(Collections.nCopies(size(), outcome)), () -> call.fail(cause));
    }
}
