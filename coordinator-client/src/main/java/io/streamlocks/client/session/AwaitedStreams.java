package io.streamlocks.client.session;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streams that have events while other workers hold them. One task waits for all of them with one call, and runs
 * only while there are any. A lease that is granted waits here for the next event of its stream, which opens the
 * session. If no event comes any more, the lease is released, or the place in the queue is given up.
 *
 * <p>This class is thread-safe. Nothing here blocks but the task.
 */
final class AwaitedStreams {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(AwaitedStreams.class);

    private final StreamLockClient client;
    private final IntSupplier sessionsRoom;
    private final Supplier<Duration> callTime;
    private final Executor executor;
    private final SessionRuntime runtime;
    private final RepeatedErrors errors;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // All of these are guarded by this.
    private final Map<String, Long> wantedUntilNanos = new LinkedHashMap<>();
    private final Map<String, HeldLease> granted = new HashMap<>();
    private Set<String> queued = Set.of();
    private Optional<Waiter> waiter = Optional.empty();
    private boolean running;

    /** It is done when a stream becomes wanted. */
    private CompletableFuture<Void> changed = new CompletableFuture<>();

    /**
     * @param room returns how many more sessions the registry may have
     * @param callTime returns the length of a call; a stream that becomes wanted during a call joins the next one
     * @param executor runs the task that waits
     */
    AwaitedStreams(
            StreamLockClient client,
            IntSupplier room,
            Supplier<Duration> callTime,
            Executor executor,
            SessionRuntime runtime) {
        this.client = client;
        this.sessionsRoom = room;
        this.callTime = callTime;
        this.executor = executor;
        this.runtime = runtime;
        this.errors = new RepeatedErrors(LOG, runtime::nanoTime);
    }

    /** Takes note that streams have events and are held by other workers. They are wanted for so long. */
    synchronized void want(Collection<String> streamIds, Duration time) {
        if (closed.isDone() || streamIds.isEmpty()) {
            return;
        }
        long untilNanos = runtime.nanoTime() + time.toNanos();
        streamIds.forEach(stream -> wantedUntilNanos.put(stream, untilNanos));
        if (running) {
            changed.complete(null);
            return;
        }
        running = true;
        try {
            executor.execute(this::run);
        } catch (RuntimeException | Error e) {
            running = false;
            throw e;
        }
    }

    /** Takes note that only these streams are wanted, and those that were granted. The other places are given up. */
    synchronized void wantOnly(Set<String> streamIds, Duration time) {
        wantedUntilNanos.keySet().removeIf(stream -> !granted.containsKey(stream) && !streamIds.contains(stream));
        want(streamIds, time);
    }

    /** Keeps the leases of those of these streams that were granted, for so long. */
    synchronized void keep(Collection<String> streamIds, Duration time) {
        if (!granted.isEmpty()) {
            long untilNanos = runtime.nanoTime() + time.toNanos();
            streamIds.stream()
                    .filter(granted::containsKey)
                    .forEach(stream ->
                            wantedUntilNanos.merge(stream, untilNanos, (one, other) -> other - one > 0 ? other : one));
        }
    }

    /** Takes leases that were granted elsewhere, and keeps them for so long. If this is closed, it releases them. */
    void offer(List<HeldLease> leases, Duration time) {
        List<HeldLease> unused;
        synchronized (this) {
            unused = keep(leases);
            if (unused.isEmpty()) {
                want(leases.stream().map(HeldLease::streamId).toList(), time);
            }
        }
        client.release(unused);
    }

    /** Returns the streams in whose queues the registry has a place. */
    synchronized Set<String> places() {
        return Set.copyOf(queued);
    }

    /** Returns the leases that wait for an event, by stream. */
    synchronized Map<String, HeldLease> granted() {
        return Map.copyOf(granted);
    }

    /** Returns whether a lease of a stream waits for an event. */
    synchronized boolean isGranted(String streamId) {
        return granted.containsKey(streamId);
    }

    /** Returns how many more leases the registry has room for. */
    synchronized int room() {
        return Math.max(0, sessionsRoom.getAsInt() - granted.size());
    }

    /** Returns whether the registry has a place in the queue of a stream, and has not been granted the stream. */
    synchronized boolean isQueued(String streamId) {
        return queued.contains(streamId);
    }

    /** Hands out the lease of a stream, if it was granted. The caller must open a session or close the lease. */
    Optional<HeldLease> take(String streamId) {
        HeldLease lease;
        synchronized (this) {
            lease = granted.remove(streamId);
            if (lease != null) {
                wantedUntilNanos.remove(streamId);
            }
        }
        // This may be the first to notice a loss, and then calls the user. So it is outside of the monitor.
        return Optional.ofNullable(lease).filter(HeldLease::isSafe);
    }

    private void run() {
        try {
            boolean continues = true;
            while (continues) {
                try (Waiter own = client.newWaiter()) {
                    synchronized (this) {
                        waiter = Optional.of(own);
                    }
                    continues = awaitAll(own);
                }
                if (continues) {
                    runtime.await(changedNext(), RETRY_AFTER);
                }
            }
        } catch (IllegalStateException e) {
            LOG.debug("The registry or the client was closed while streams were awaited: {}", e.getMessage());
            client.release(abandon());
        } catch (Throwable e) {
            LOG.error("The wait for held streams failed, and begins again with their next events", e);
            client.release(abandon());
        }
    }

    /**
     * Waits while there are streams to wait for. The caller then closes the waiter, which gives the other places up. As
     * long as the first place of a stream has no call, nobody is granted the stream.
     *
     * @return whether the task is still needed
     */
    private boolean awaitAll(Waiter own) throws InterruptedException {
        while (prepareCall(own)) {
            Set<String> streams = queuedNow();
            if (streams.isEmpty()) {
                return true;
            }
            await(own, streams);
        }
        return false;
    }

    /** Decides what to wait for next. Returns false if the task is not needed any more. */
    private boolean prepareCall(Waiter own) {
        List<HeldLease> unwanted = new ArrayList<>();
        boolean continues;
        synchronized (this) {
            long now = runtime.nanoTime();
            wantedUntilNanos.values().removeIf(until -> until - now < 0);
            granted.values().removeIf(lease -> {
                boolean isUnwanted = !wantedUntilNanos.containsKey(lease.streamId());
                return isUnwanted && unwanted.add(lease);
            });
            queued = new LinkedHashSet<>(own.fitting(wantedUntilNanos.keySet().stream()
                    .filter(stream -> !granted.containsKey(stream))
                    .limit(room())
                    .toList()));
            changed = new CompletableFuture<>();
            continues = !closed.isDone() && !wantedUntilNanos.isEmpty();
            // A stream that is wanted after this starts another task.
            running = continues;
        }
        client.release(unwanted);
        return continues;
    }

    private synchronized Set<String> queuedNow() {
        return queued;
    }

    private void await(Waiter own, Set<String> streams) throws InterruptedException {
        List<HeldLease> leases;
        try {
            leases = own.await(streams, callTime.get());
        } catch (CoordinatorUnavailableException e) {
            pause(e.retryAfter().orElse(RETRY_AFTER));
            return;
        } catch (CoordinatorRefusedException e) {
            errors.log(String.valueOf(e.getMessage()), "The wait for held streams was refused", e);
            // Their next events try to acquire them meanwhile. A server of the previous version refuses every wait.
            synchronized (this) {
                queued = Set.of();
            }
            pause(RETRY_AFTER);
            return;
        }
        client.release(keep(leases));
    }

    /** Keeps leases for the events of their streams. Returns those that are not needed any more. */
    private synchronized List<HeldLease> keep(List<HeldLease> leases) {
        if (closed.isDone()) {
            return leases;
        }
        leases.forEach(lease -> granted.put(lease.streamId(), lease));
        queued = queued.stream()
                .filter(stream -> !granted.containsKey(stream))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        return List.of();
    }

    private synchronized CompletableFuture<Void> changedNext() {
        return changed;
    }

    private void pause(Duration time) throws InterruptedException {
        runtime.await(closed, time);
    }

    /** Forgets all streams. Returns the leases that no session has. */
    private synchronized List<HeldLease> abandon() {
        running = false;
        wantedUntilNanos.clear();
        queued = Set.of();
        List<HeldLease> unused = List.copyOf(granted.values());
        granted.clear();
        return unused;
    }

    /** Waits for nothing any more. Places are given up, and leases that no session has are released. */
    void close() {
        Optional<Waiter> waits;
        synchronized (this) {
            closed.complete(null);
            changed.complete(null);
            waits = waiter;
        }
        waits.ifPresent(Waiter::close);
        client.release(abandon());
    }
}
