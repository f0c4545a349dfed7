package io.streamlocks.client.session;

import io.streamlocks.client.GroupMember;
import io.streamlocks.client.GroupMember.Standing;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Member;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Workers that share streams by the rule of {@link EvenShares}, and a coordinator with leases, queues and the shares of
 * the server. Time passes in steps of 100 ms. A seed repeats a run.
 */
final class EvenSharesModel {

    private static final long STEP = Duration.ofMillis(100).toNanos();
    private static final long BEAT = Duration.ofSeconds(2).toNanos();
    private static final long TTL = 3 * BEAT;
    private static final long TURN = Duration.ofSeconds(1).toNanos();
    private static final long DRAIN = Duration.ofMillis(300).toNanos();

    /** A call waits for no more streams than this. */
    private static final int MOST_PLACES = 1000;

    /** A stream without events for so long is released. */
    private static final long IDLE = 20 * TURN;

    private final Random random;
    private final List<String> streams;
    private final double seesAtLeast;
    private final Map<String, Lease> leases = new HashMap<>();
    private final Map<String, Deque<Worker>> queues = new HashMap<>();
    private final Map<String, Reported> members = new TreeMap<>();
    private final List<Worker> workers = new ArrayList<>();
    private final List<Worker> leaving = new ArrayList<>();
    private long now;
    private int grants;
    private int made;
    private int removed;

    private static final class Lease {
        final Worker holder;
        long untilNanos;

        Lease(Worker holder, long untilNanos) {
            this.holder = holder;
            this.untilNanos = untilNanos;
        }
    }

    private record Reported(int held, int wanted, long untilNanos) {}

    EvenSharesModel(int streams, double seesAtLeast, long seed) {
        this.random = new Random(seed);
        this.streams = new ArrayList<>(
                IntStream.range(0, streams).mapToObj(i -> "s-" + i).toList());
        this.seesAtLeast = seesAtLeast;
    }

    final class Worker {
        final String id;
        final SeenStreams seen = new SeenStreams(() -> BEAT);
        final EvenShares shares = new EvenShares(seen, new Random(random.nextLong()));
        final Set<String> held = new HashSet<>();
        final Map<String, Long> draining = new HashMap<>();
        private final Map<String, Long> lastEvents = new HashMap<>();
        final Set<String> places = new LinkedHashSet<>();
        boolean alive = true;
        boolean leaves;
        long pausedUntilNanos;
        long nextBeat;
        long nextTurn;
        private int reported;
        private long reportedNanos;

        private Worker(String id) {
            this.id = id;
            this.nextBeat = now;
            this.nextTurn = now + random.nextLong(TURN);
        }

        private long whenDrained() {
            return now + (long) (DRAIN * (0.3 + 1.4 * random.nextDouble()));
        }

        boolean runs() {
            return alive && pausedUntilNanos <= now;
        }

        private void step() {
            if (!runs()) {
                return;
            }
            for (String stream : List.copyOf(draining.keySet())) {
                if (draining.get(stream) <= now) {
                    draining.remove(stream);
                    if (holds(this, stream)) {
                        release(stream);
                    }
                    held.remove(stream);
                }
            }
            if (leaves) {
                return;
            }
            held.removeIf(stream -> !holds(this, stream));
            draining.keySet().retainAll(held);
            // Some places may have been granted.
            for (String stream : List.copyOf(places)) {
                if (holds(this, stream)) {
                    places.remove(stream);
                    take(stream);
                }
            }
            if (now >= nextTurn) {
                turn();
                nextTurn = now + TURN;
            }
            if (now >= nextBeat) {
                beat();
                acquireMissing();
                // A heartbeat comes up to a tenth earlier.
                nextBeat = now + BEAT - random.nextLong(BEAT / 10);
            }
        }

        private void take(String stream) {
            held.add(stream);
            lastEvents.put(stream, now);
            seen.isHeld(stream);
        }

        private void beat() {
            Map<String, Integer> waiting = new LinkedHashMap<>();
            held.stream().sorted().forEach(stream -> {
                leases.get(stream).untilNanos = now + TTL;
                if (!draining.containsKey(stream)) {
                    waiting.put(stream, queue(stream).size());
                }
            });
            report(waiting);
        }

        private void report(Map<String, Integer> waiting) {
            int wanted = seen.wanted(held, now);
            reported = held.size();
            reportedNanos = now;
            members.put(id, new Reported(held.size() - draining.size(), wanted, now + TTL));
            Group group = group();
            Standing standing = new Standing(
                    group.members().size(),
                    group.held(),
                    group.wanted(),
                    group.shares().get(id),
                    group.missing());
            for (String stream : shares.heartbeat(standing, waiting, now)) {
                draining.put(stream, whenDrained());
                seen.handedOver(stream, now);
            }
            // Otherwise the next holders would report streams that this one still counts.
            members.put(id, new Reported(held.size() - draining.size(), wanted, now + TTL));
            if (shares.needsMembers(held.size())) {
                shares.members(
                        group.members().stream()
                                .map(one -> new GroupMember.Share(one.ownerId(), one.held(), group.shareOf(one)))
                                .toList(),
                        id);
            }
        }

        private void turn() {
            List<String> events = events();
            events.stream().filter(held::contains).forEach(stream -> lastEvents.put(stream, now));
            for (String stream : List.copyOf(held)) {
                if (now - lastEvents.getOrDefault(stream, now) > IDLE && holds(this, stream)) {
                    release(stream);
                    held.remove(stream);
                    draining.remove(stream);
                }
            }
            seen.sawEvents(events, Duration.ZERO, now);
            if (shares.shouldReport(held.size(), seen.wanted(held, now), now)) {
                reportEarly();
            }
            acquireMissing();
        }

        private void acquireMissing() {
            Tries tries = shares.begin(held, now);
            List<String> next = shares.next(tries, held, Integer.MAX_VALUE, now);
            for (int i = 0; i < 20 && !next.isEmpty(); i++) {
                next.forEach(this::attempt);
                next = shares.next(tries, held, Integer.MAX_VALUE, now);
            }
            choosePlaces();
            if (held.size() > reported) {
                reportEarly();
            }
        }

        private void reportEarly() {
            if (now - reportedNanos < BEAT / 4) {
                return;
            }
            Map<String, Integer> none = new LinkedHashMap<>();
            held.stream().filter(stream -> !draining.containsKey(stream)).forEach(stream -> none.put(stream, 0));
            report(none);
        }

        private void choosePlaces() {
            List<String> all = shares.toAwait(places, held, Integer.MAX_VALUE, now);
            List<String> next = all.subList(0, Math.min(MOST_PLACES, all.size()));
            for (String stream : List.copyOf(places)) {
                if (!next.contains(stream)) {
                    queue(stream).remove(this);
                    places.remove(stream);
                }
            }
            for (String stream : next) {
                if (!places.contains(stream)) {
                    if (leases.get(stream) == null && queue(stream).isEmpty()) {
                        grant(stream, this);
                        take(stream);
                    } else {
                        places.add(stream);
                        queue(stream).add(this);
                    }
                }
            }
        }

        private void attempt(String stream) {
            Lease lease = leases.get(stream);
            if (lease == null && queue(stream).isEmpty()) {
                grant(stream, this);
                take(stream);
            } else {
                seen.wasHeld(stream, Optional.ofNullable(lease).map(one -> one.holder.id), now);
            }
        }

        private List<String> events() {
            if (seesAtLeast >= 1) {
                return streams;
            }
            int count = (int) (streams.size() * (seesAtLeast + random.nextDouble() * (1 - seesAtLeast)));
            List<String> all = new ArrayList<>(streams);
            Collections.shuffle(all, random);
            return all.subList(0, count);
        }
    }

    private Deque<Worker> queue(String stream) {
        return queues.computeIfAbsent(stream, id -> new ArrayDeque<>());
    }

    private boolean holds(Worker worker, String stream) {
        Lease lease = leases.get(stream);
        return lease != null && lease.holder == worker;
    }

    private void grant(String stream, Worker worker) {
        leases.put(stream, new Lease(worker, now + TTL));
        grants++;
    }

    private void release(String stream) {
        leases.remove(stream);
        handOver(stream);
    }

    private void handOver(String stream) {
        Deque<Worker> queue = queue(stream);
        while (!queue.isEmpty()) {
            Worker next = queue.poll();
            // The server notices that a client has gone.
            if (next.alive) {
                grant(stream, next);
                return;
            }
        }
    }

    private Group group() {
        members.values().removeIf(member -> member.untilNanos <= now);
        return Group.of(
                "group",
                members.entrySet().stream()
                        .map(one -> new Member(
                                one.getKey(),
                                one.getValue().held,
                                one.getValue().wanted,
                                OptionalInt.empty(),
                                Duration.ofNanos(one.getValue().untilNanos - now)))
                        .toList());
    }

    /** A worker begins. */
    Worker add() {
        Worker worker = new Worker(String.format(Locale.ROOT, "w-%03d", ++made));
        workers.add(worker);
        return worker;
    }

    /** A worker ends without a word. */
    void kill(Worker worker) {
        worker.alive = false;
        workers.remove(worker);
    }

    /** A worker does nothing for a while, and does not know that. */
    void pause(Worker worker, Duration time) {
        worker.pausedUntilNanos = now + time.toNanos();
    }

    /** A paused worker continues. */
    void resume(Worker worker) {
        worker.pausedUntilNanos = now;
    }

    /** A worker leaves the group, finishes its work, releases its streams and ends. */
    void stop(Worker worker) {
        workers.remove(worker);
        members.remove(worker.id);
        worker.places.forEach(stream -> queue(stream).remove(worker));
        worker.places.clear();
        worker.held.forEach(stream -> worker.draining.putIfAbsent(stream, worker.whenDrained()));
        worker.leaves = true;
        leaving.add(worker);
    }

    /** A stream begins to have events. */
    void addStream() {
        streams.add("s-" + (streams.size() + removed));
    }

    /** A stream has no more events. */
    void removeStream() {
        streams.remove(random.nextInt(streams.size()));
        removed++;
    }

    /** Workers begin one after another, at times by chance. It returns when the last one begins. */
    void addWithin(double beats, int count) {
        double passed = 0;
        for (double at :
                random.doubles(count).map(part -> part * beats).sorted().toArray()) {
            pass(at - passed);
            passed = at;
            add();
        }
    }

    /** Returns how many leases there have been. */
    int grants() {
        return grants;
    }

    /** Time passes. */
    void pass(double beats) {
        long began = now;
        while (now - began < beats * BEAT) {
            step();
        }
    }

    List<Worker> workers() {
        return List.copyOf(workers);
    }

    private void step() {
        now += STEP;
        for (String stream : List.copyOf(leases.keySet())) {
            Lease lease = leases.get(stream);
            if (lease.untilNanos <= now) {
                leases.remove(stream);
                handOver(stream);
            }
        }
        workers.forEach(Worker::step);
        leaving.forEach(Worker::step);
        leaving.removeIf(worker -> worker.draining.isEmpty());
    }

    /** A worker that is paused counts as gone. */
    private boolean isEven() {
        Map<Worker, Integer> counts = new HashMap<>();
        workers.stream().filter(Worker::runs).forEach(worker -> counts.put(worker, 0));
        int running = counts.size();
        leases.values().forEach(lease -> counts.merge(lease.holder, 1, Integer::sum));
        return leases.keySet().equals(Set.copyOf(streams))
                && counts.size() == running
                && Collections.max(counts.values()) - Collections.min(counts.values()) <= 1;
    }

    /**
     * The time and the moves until all streams were held and no worker had over one more than another.
     *
     * @param beats the time in heartbeats; infinite if that never happened
     * @param moves the number of grants until then
     * @param movesAfter the number of grants in the minute after that
     */
    record Settled(double beats, int moves, int movesAfter) {}

    /** Lets the workers settle, and then work for a minute. */
    Settled settle(double mostBeats) {
        return settle(mostBeats, 30);
    }

    /** Lets the workers settle, and then work for so many heartbeats. */
    Settled settle(double mostBeats, double beatsAfter) {
        int before = grants;
        long began = now;
        while (!isEven() && now - began < mostBeats * BEAT) {
            step();
        }
        double beats = isEven() ? (double) (now - began) / BEAT : Double.POSITIVE_INFINITY;
        int until = grants;
        long even = now;
        while (now - even < beatsAfter * BEAT) {
            step();
        }
        return new Settled(beats, until - before, grants - until);
    }
}
