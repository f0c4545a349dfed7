package io.streamlocks.proof.servers;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLoss;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockException;
import io.streamlocks.client.StreamLockListener;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Clients that hold leases, and acquire and release other streams at a steady rate. This class is thread-safe. */
final class Clients implements AutoCloseable {

    private static final int CLIENTS = 40;
    private static final int LEASES = 1000;
    private static final int ACQUIRES_PER_SECOND = 200;

    private static final Duration ACQUIRE_TIMEOUT = Duration.ofSeconds(5);

    /** How much longer an acquire may take than its time-out: for a try that began in time. */
    private static final Duration LAST_TRY = ACQUIRE_TIMEOUT.dividedBy(3).multipliedBy(2);

    /** So many acquires of a client can hang at once. */
    private static final int THREADS = 4;

    private final List<StreamLockClient> clients = new ArrayList<>();
    private final List<HeldLease> held = new ArrayList<>();
    private final List<ScheduledExecutorService> executors = new ArrayList<>();
    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final AtomicInteger acquires = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicLong longestNanos = new AtomicLong();

    /** Creates clients that hold no lease yet. */
    Clients(List<URI> servers) {
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(StreamLockClient.builder(
                            servers.get(0), servers.subList(1, servers.size()).toArray(URI[]::new))
                    .ownerId("client-" + i)
                    .ttl(Duration.ofSeconds(30))
                    .acquireTimeout(ACQUIRE_TIMEOUT)
                    .listener(new StreamLockListener() {
                        @Override
                        public void lost(LeaseLoss loss) {
                            violations.add("The lease of " + loss.streamId() + " was lost: " + loss.reason());
                        }
                    })
                    .build());
        }
    }

    /** Acquires leases, which the clients keep, and begins to acquire and release others. */
    void start() {
        for (int i = 0; i < LEASES; i++) {
            held.add(clients.get(i % CLIENTS).tryAcquire("held-" + i).orElseThrow());
        }
        long periodNanos = TimeUnit.SECONDS.toNanos(CLIENTS * THREADS) / ACQUIRES_PER_SECOND;
        for (int i = 0; i < CLIENTS; i++) {
            StreamLockClient client = clients.get(i);
            ScheduledExecutorService executor = Executors.newScheduledThreadPool(THREADS);
            executors.add(executor);
            for (int thread = 0; thread < THREADS; thread++) {
                String stream = "free-" + i + "-" + thread;
                long delayNanos = periodNanos * (i * THREADS + thread) / (CLIENTS * THREADS);
                executor.scheduleAtFixedRate(
                        () -> acquire(client, stream), delayNanos, periodNanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    private void acquire(StreamLockClient client, String stream) {
        long began = System.nanoTime();
        acquires.incrementAndGet();
        // It is empty if the release before had no answer: the client repeats that in the background.
        Optional<HeldLease> lease = Optional.empty();
        try {
            lease = client.tryAcquire(stream);
        } catch (StreamLockException e) {
            failures.incrementAndGet();
            violations.add("An acquire failed: " + e);
        } catch (RuntimeException e) {
            violations.add("An acquire failed by a fault of the client: " + e);
        }
        long took = System.nanoTime() - began;
        longestNanos.accumulateAndGet(took, Math::max);
        if (took > ACQUIRE_TIMEOUT.plus(LAST_TRY).toNanos()) {
            violations.add("An acquire took " + TimeUnit.NANOSECONDS.toMillis(took) + " ms");
        }
        lease.ifPresent(HeldLease::close);
    }

    /** Returns what went wrong so far. */
    List<String> violations() {
        List<String> all = new ArrayList<>(violations);
        held.stream()
                .filter(lease -> !lease.isSafe())
                .map(lease -> "The lease of " + lease.streamId() + " is not safe")
                .forEach(all::add);
        return all;
    }

    String figures() {
        return acquires + " acquires, " + failures + " failed, the longest took "
                + TimeUnit.NANOSECONDS.toMillis(longestNanos.get()) + " ms";
    }

    @Override
    public void close() {
        executors.forEach(ScheduledExecutorService::shutdownNow);
        clients.parallelStream().forEach(StreamLockClient::close);
    }
}
