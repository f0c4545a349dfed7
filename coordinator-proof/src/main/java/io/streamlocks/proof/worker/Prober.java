package io.streamlocks.proof.worker;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Asks coordinators about leases whose renewal has no response, from shortly before their known end until long after
 * it. At that time one server could report the end of a lease that another server has renewed. The client itself asks
 * no more after a loss.
 *
 * <p>This class is thread-safe.
 */
final class Prober implements AutoCloseable {

    private static final Duration PAUSE = Duration.ofMillis(150);
    private static final List<Kind> KINDS = List.of(Kind.RENEW, Kind.LOOK, Kind.ACQUIRE, Kind.HISTORY);

    private final Coordinators coordinators;
    private final WireCalls wire;
    private final String owner;
    private final Duration ttl;
    private final Map<String, Held> leases = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Thread ticking = new Thread(this::tickUntilClosed, "prober");
    private volatile boolean closed;

    /** A lease of the worker. */
    private static final class Held {
        private final String stream;
        private final String lease;
        private final long token;

        /** When the worker sent the last call that prolonged the lease. */
        private volatile long prolonged;

        /** The number of the coordinator that got the last renewal without a response; 0 if there is none. */
        private volatile int doubtful;

        /** The calls under way. There is one of each kind at most, so that one that hangs does not delay the others. */
        private final Set<Kind> underWay = ConcurrentHashMap.newKeySet();

        /** Only the ticking thread uses this field. */
        private int probes;

        Held(Call granted) {
            stream = granted.stream();
            lease = Objects.requireNonNull(granted.lease());
            token = granted.token();
            prolonged = granted.start();
        }
    }

    Prober(Coordinators coordinators, WireCalls wire, String owner, Duration ttl) {
        this.coordinators = coordinators;
        this.wire = wire;
        this.owner = owner;
        this.ttl = ttl;
        ticking.start();
    }

    /** Notes the calls that the worker's client is about to send. */
    void sent(List<Call> calls) {
        for (Call call : calls) {
            Held held = leases.get(call.lease());
            if (held != null && call.kind() == Kind.RENEW) {
                held.doubtful = call.via();
            }
        }
    }

    /** Notes the results that the client gets. */
    void answered(List<Call> calls) {
        for (Call call : calls) {
            if (call.showsLease()) {
                Held held = leases.computeIfAbsent(call.lease(), lease -> new Held(call));
                held.prolonged = call.kind() == Kind.RENEW ? call.start() : held.prolonged;
                held.doubtful = 0;
            } else if (call.answer() == Answer.RELEASED) {
                leases.remove(call.lease());
            }
        }
    }

    private void tickUntilClosed() {
        try {
            while (!closed) {
                long now = System.nanoTime();
                for (Held held : leases.values()) {
                    double ttls = (now - held.prolonged) / (double) ttl.toNanos();
                    // Some faults last for 2.5 ttls. After that the stream should be free for other workers again.
                    if (ttls > 3) {
                        leases.remove(held.lease);
                    } else if (ttls > 0.9 && held.doubtful != 0) {
                        probe(held);
                    }
                }
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("Nothing interrupts this thread", e);
        }
    }

    private void probe(Held held) {
        int number = held.probes++;
        Kind kind = KINDS.get(number % KINDS.size());
        // The other coordinators take turns. A single coordinator gets all probes.
        int others = Math.max(1, coordinators.count() - 1);
        int via = Math.floorMod(held.doubtful + number / KINDS.size() % others, coordinators.count()) + 1;
        if (held.underWay.add(kind)) {
            threads.execute(() -> {
                try {
                    ask(kind, held, via);
                } catch (IOException e) {
                    throw new IllegalStateException("The history cannot be written", e);
                } finally {
                    held.underWay.remove(kind);
                }
            });
        }
    }

    private void ask(Kind kind, Held held, int via) throws IOException {
        String path = wire.path(kind, held.stream);
        if (kind == Kind.LOOK || kind == Kind.HISTORY) {
            coordinators.send(List.of(wire.reading(kind, held.stream, held.lease, held.token, via)), path, null);
            return;
        }
        String text = String.format(
                Locale.ROOT,
                "{\"leaseId\":\"%s\",\"ttlMs\":%d%s}",
                held.lease,
                ttl.toMillis(),
                kind == Kind.ACQUIRE ? ",\"ownerId\":\"" + owner + "\"" : "");
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        coordinators.send(wire.read(path, body, via), path, body);
    }

    /** Blocks until the calls under way have ended, for about 10 s at most. */
    @Override
    public void close() {
        closed = true;
        try {
            ticking.join();
            threads.shutdown();
            threads.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
