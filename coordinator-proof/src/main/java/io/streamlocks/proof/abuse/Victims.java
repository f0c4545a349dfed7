package io.streamlocks.proof.abuse;

import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The workers that an attack must not harm. They renew 50 leases one by one, 200 in one batch and 50 with the Java
 * client. They also acquire and release one stream after the other. One thread starts and ends them.
 */
final class Victims implements AutoCloseable {

    /** The prefix of all their streams. */
    static final String PREFIX = "victim/";

    private static final int SINGLE = 50;
    private static final int IN_BATCH = 200;
    private static final int OF_CLIENT = 50;
    private static final long CYCLE_MS = 500;

    private final Api api;
    private final StreamLockClient client;
    private final long ttlMs;
    private final VictimRecord record = new VictimRecord();
    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, Long> fencingTokens = new TreeMap<>();

    /**
     * Makes victims without leases.
     *
     * @param port the port to which they connect
     */
    Victims(int port, Duration ttl) {
        api = new Api(port, Caller.VICTIM);
        client = StreamLockClient.builder(URI.create("http://127.0.0.1:" + port))
                .ownerId("victim-client")
                .bearerToken(Caller.VICTIM.token())
                .ttl(ttl)
                .build();
        ttlMs = ttl.toMillis();
    }

    /** Acquires all leases and begins to renew them. */
    void start() throws IOException, InterruptedException {
        List<VictimLease> singles = acquire("single-", SINGLE);
        for (int i = 0; i < SINGLE; i++) {
            // The renewals are spread over the time from one renewal to the next.
            renew(List.of(singles.get(i)), false, ttlMs * i / SINGLE / 3);
        }
        renew(acquire("batch-", IN_BATCH), true, 0);
        for (int i = 0; i < OF_CLIENT; i++) {
            String stream = PREFIX + "client-" + i;
            HeldLease lease = client.tryAcquire(stream)
                    .orElseThrow(() -> new IOException(stream + " was not granted before the attack"));
            lease.onLost(loss -> record.lost(stream, "the client reports the loss: " + loss.reason()));
            fencingTokens.put(stream, lease.fencingToken());
        }
        run(this::cycle, "victim-cycle");
    }

    private List<VictimLease> acquire(String name, int count) throws IOException, InterruptedException {
        List<VictimLease> leases = VictimLease.acquire(api, PREFIX + name, count, ttlMs);
        leases.forEach(lease -> fencingTokens.put(lease.stream(), lease.fencingToken()));
        return leases;
    }

    private void renew(List<VictimLease> leases, boolean batch, long afterMs) {
        long first = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(afterMs);
        run(new Heartbeat(api, leases, batch, ttlMs, first, record), "victim-" + leases.get(0).stream());
    }

    private void run(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.start();
        threads.add(thread);
    }

    private void cycle() {
        for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
            try {
                Optional<HeldLease> lease = client.tryAcquire(PREFIX + "cycle-" + i);
                lease.ifPresent(HeldLease::close);
                record.cycled(lease.isPresent());
                TimeUnit.MILLISECONDS.sleep(CYCLE_MS);
            } catch (CoordinatorUnavailableException e) {
                record.cycled(false);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    VictimRecord record() {
        return record;
    }

    /** Ends the renewals by plain calls, and records how long those without a result have taken so far. */
    void stopRenewing() throws InterruptedException {
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Returns the tokens of the granted leases by stream. */
    Map<String, Long> fencingTokens() {
        return fencingTokens;
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        client.close();
    }
}
