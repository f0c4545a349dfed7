package io.streamlocks.client.session;

import io.streamlocks.client.StreamLockClient;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Workers that read one source and share its streams by a group. Each stream has an event at any time: the next one
 * comes when the one before was handled. What goes wrong is in {@link #mistakes()}.
 */
final class GroupOfWorkers implements AutoCloseable {

    private static final Duration TURN = Duration.ofMillis(100);

    private final URI uri;
    private final String groupId;
    private final Duration ttl;
    private final Map<String, AtomicInteger> handled = new LinkedHashMap<>();
    private final Map<String, String> holders = new ConcurrentHashMap<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final Set<String> prepared = ConcurrentHashMap.newKeySet();
    private final Queue<String> mistakes = new ConcurrentLinkedQueue<>();
    private final List<Worker> workers = new CopyOnWriteArrayList<>();
    private int made;
    private volatile Predicate<String> withEvents = streamId -> true;

    GroupOfWorkers(URI uri, String groupId, Duration ttl, int streams) {
        this.uri = uri;
        this.groupId = groupId;
        this.ttl = ttl;
        IntStream.range(0, streams).forEach(i -> handled.put("orders/" + i, new AtomicInteger()));
    }

    /** A worker of the group. */
    final class Worker implements AutoCloseable {
        private final StreamLockClient client;
        private final SessionRegistry<Integer> registry;
        private final PollLoop<Integer> loop;

        private Worker(URI coordinator, String ownerId, int capacity, boolean isMember) {
            client = StreamLockClient.builder(coordinator)
                    .ownerId(ownerId)
                    .ttl(ttl)
                    .build();
            SessionRegistryBuilder<Integer> sessions = SessionRegistry.<Integer>builder(
                            client, lease -> new Handler(lease.streamId(), ownerId))
                    .maxConcurrentSessions(capacity);
            registry = (isMember ? sessions.group(groupId) : sessions).build();
            loop = PollLoop.builder(registry, GroupOfWorkers.this::events)
                    .delay(TURN)
                    .build();
        }

        String ownerId() {
            return client.ownerId();
        }

        /** Ends all sessions, as after a long time without events. */
        void endSessions() {
            registry.sessions().keySet().forEach(registry::stop);
        }

        int held() {
            return Collections.frequency(holders.values(), ownerId());
        }

        /** Closes the client first, which nobody should do. */
        void closeInTheWrongOrder() {
            workers.remove(this);
            client.close();
            loop.close();
            registry.close();
        }

        @Override
        public void close() {
            workers.remove(this);
            loop.close();
            registry.close();
            client.close();
        }
    }

    private final class Handler implements SessionHandler<Integer> {
        private final String streamId;
        private final String ownerId;

        Handler(String streamId, String ownerId) {
            this.streamId = streamId;
            this.ownerId = ownerId;
            opened.incrementAndGet();
            String other = holders.put(streamId, ownerId);
            if (other != null) {
                mistakes.add(streamId + " was processed by " + other + " and by " + ownerId);
            }
        }

        @Override
        public void handle(Integer event) {
            // Events that were polled twice are known.
            handled.get(streamId).compareAndSet(event, event + 1);
        }

        @Override
        public void beforeHandOver() {
            prepared.add(streamId);
        }

        @Override
        public void close() {
            if (!holders.remove(streamId, ownerId)) {
                mistakes.add(streamId + " was taken from " + ownerId);
            }
        }
    }

    private List<StreamEvent<Integer>> events() {
        Predicate<String> active = withEvents;
        return handled.entrySet().stream()
                .filter(one -> active.test(one.getKey()))
                .map(one -> new StreamEvent<>(one.getKey(), one.getValue().get()))
                .toList();
    }

    /** Lets only these streams have events from now on. */
    void eventsOnlyOf(Predicate<String> streams) {
        withEvents = streams;
    }

    Worker add(int capacity) {
        return add(uri, capacity, true);
    }

    /** Adds a worker that takes every stream it can get. */
    Worker addWithoutGroup(int capacity) {
        return add(uri, capacity, false);
    }

    /** Adds a member that reaches the coordinator by another way. */
    Worker addBehind(URI proxy, int capacity) {
        return add(proxy, capacity, true);
    }

    private Worker add(URI coordinator, int capacity, boolean isMember) {
        Worker worker = new Worker(coordinator, "worker-" + ++made, capacity, isMember);
        workers.add(worker);
        worker.loop.start();
        return worker;
    }

    List<Worker> workers() {
        return List.copyOf(workers);
    }

    /** Returns whether a worker processes a stream. */
    boolean isHeld(String streamId) {
        return holders.containsKey(streamId);
    }

    /** Returns whether all streams are held, and no worker has over one more than another. */
    boolean isEven() {
        Map<String, Integer> counts = new HashMap<>();
        workers.forEach(worker -> counts.put(worker.ownerId(), worker.held()));
        return holders.size() == handled.size()
                && Collections.max(counts.values()) - Collections.min(counts.values()) <= 1;
    }

    /** Returns how many sessions were opened. */
    int opened() {
        return opened.get();
    }

    /** Returns the streams whose handlers have prepared a hand-over. */
    Set<String> prepared() {
        return prepared;
    }

    List<String> mistakes() {
        return List.copyOf(mistakes);
    }

    @Override
    public void close() {
        workers().forEach(Worker::close);
    }
}
