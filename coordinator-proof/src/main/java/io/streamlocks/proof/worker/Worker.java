package io.streamlocks.proof.worker;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.Waiter;
import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.history.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A worker process. Its threads acquire streams, write to the resource under their leases, and release them. It records
 * each call. On SIGTERM it stops in order.
 */
public final class Worker {

    /** The share of leases that a thread holds for some ttls, so that they are renewed. */
    private static final double HELD_LONG = 0.06;

    /** The share of threads that wait for streams. Each of them makes fewer calls than a thread that does not. */
    private static final double WAITING = 0.2;

    private final Settings settings;
    private final JsonLines history;
    private final WireCalls wire;
    private final StreamLockClient client;
    private final ResourceClient resource;
    private final ResourceClient unfenced;
    private volatile boolean stopping;

    /** The arguments of {@link #main}. */
    private record Settings(
            String owner,
            Path history,
            String streamPrefix,
            int streams,
            int threads,
            Duration ttl,
            long seed,
            URI resource,
            URI unfenced,
            List<URI> coordinators) {

        static Settings from(String[] args) {
            return new Settings(
                    args[0],
                    Path.of(args[1]),
                    args[2],
                    Integer.parseInt(args[3]),
                    Integer.parseInt(args[4]),
                    Duration.ofMillis(Long.parseLong(args[5])),
                    Long.parseLong(args[6]),
                    URI.create(args[7]),
                    URI.create(args[8]),
                    Stream.of(args).skip(9).map(URI::create).toList());
        }
    }

    private Worker(Settings settings, JsonLines history, WireCalls wire, URI gateway) {
        this.settings = settings;
        this.history = history;
        this.wire = wire;
        client = StreamLockClient.builder(gateway)
                .ownerId(settings.owner())
                .ttl(settings.ttl())
                .build();
        resource = new ResourceClient(settings.resource(), settings.owner());
        unfenced = new ResourceClient(settings.unfenced(), settings.owner());
    }

    /**
     * Works until SIGTERM.
     *
     * @param args the owner, the file of the history, the prefix of streams, the number of streams, the number of
     *     threads, the ttl in ms, the seed, the URL of the resource, of the one without a fence, and of each
     *     coordinator
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        // If a thread ended alone, the worker would do less without a report. So the process ends.
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {
            e.printStackTrace();
            Runtime.getRuntime().halt(3);
        });
        Settings settings = Settings.from(args);
        JsonLines history = new JsonLines(settings.history());
        WireCalls wire = new WireCalls(settings.owner(), settings.streamPrefix());
        Coordinators coordinators = new Coordinators(settings.coordinators(), settings.ttl(), wire, history);
        Prober prober = new Prober(coordinators, wire, settings.owner(), settings.ttl());
        Gateway gateway = new Gateway(coordinators, prober, wire);
        Worker worker = new Worker(settings, history, wire, gateway.uri());
        Random seeds = new Random(settings.seed());
        List<Thread> threads = IntStream.range(0, settings.threads())
                .mapToObj(i -> {
                    Random random = new Random(seeds.nextLong());
                    return i < settings.threads() * WAITING
                            ? new Thread(() -> worker.workAfterWaits(random), "wait-" + i)
                            : new Thread(() -> worker.work(random), "work-" + i);
                })
                .toList();
        threads.forEach(Thread::start);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> worker.stop(threads, gateway, prober, coordinators)));
        System.out.println("working");
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void stop(List<Thread> threads, Gateway gateway, Prober prober, Coordinators coordinators) {
        stopping = true;
        try {
            for (Thread thread : threads) {
                thread.join();
            }
            prober.close();
            client.close();
            gateway.close();
            coordinators.close();
            resource.close();
            unfenced.close();
            history.close();
        } catch (IOException | InterruptedException e) {
            e.printStackTrace();
        }
    }

    private void work(Random random) {
        List<String> streams = new ArrayList<>(IntStream.rangeClosed(1, settings.streams())
                .mapToObj(i -> "s-" + i)
                .toList());
        while (!stopping) {
            Collections.shuffle(streams, random);
            for (String stream : streams) {
                try {
                    if (stopping) {
                        return;
                    }
                    Optional<HeldLease> lease = client.tryAcquire(settings.streamPrefix() + stream);
                    if (lease.isPresent()) {
                        hold(lease.get(), stream, random);
                    }
                    pause(random, 5, 25);
                } catch (CoordinatorUnavailableException | CoordinatorRefusedException e) {
                    // Faults cause this. A refusal is a lease id that was granted unseen and has run out.
                } catch (InterruptedException e) {
                    throw new IllegalStateException("Nothing interrupts these threads", e);
                } catch (IOException e) {
                    throw new IllegalStateException("The history cannot be written", e);
                }
            }
        }
    }

    /** Waits for one stream, or for the first of several, and keeps the places for some calls. */
    private void workAfterWaits(Random random) {
        while (!stopping) {
            List<String> wanted = IntStream.range(0, 1 + random.nextInt(3))
                    .mapToObj(i -> "s-" + (1 + random.nextInt(settings.streams())))
                    .distinct()
                    .toList();
            // Short waits often end with a position, which the next call must keep. Long ones are handed a stream over.
            Duration wait = settings.ttl()
                    .multipliedBy(List.of(1, 3, 9).get(random.nextInt(3)))
                    .dividedBy(6);
            try (Waiter waiter = client.newWaiter()) {
                List<HeldLease> leases = List.of();
                for (int i = 0; i < 4 && leases.isEmpty() && !stopping; i++) {
                    leases = waiter.await(
                            wanted.stream().map(settings.streamPrefix()::concat).toList(), wait);
                }
                for (HeldLease lease : leases) {
                    hold(
                            lease,
                            lease.streamId().substring(settings.streamPrefix().length()),
                            random);
                }
            } catch (CoordinatorUnavailableException | CoordinatorRefusedException e) {
                // Faults cause this.
            } catch (InterruptedException e) {
                throw new IllegalStateException("Nothing interrupts these threads", e);
            } catch (IOException e) {
                throw new IllegalStateException("The history cannot be written", e);
            }
        }
    }

    private void hold(HeldLease lease, String stream, Random random) throws IOException, InterruptedException {
        try (lease) {
            boolean isLong = random.nextDouble() < HELD_LONG;
            long until = System.nanoTime()
                    + (long) (settings.ttl().toNanos() * (isLong ? 0.5 + 2 * random.nextDouble() : 0));
            long token = lease.fencingToken();
            ResourceClient.Reply opened = recorded(Kind.OPEN, stream, token, 0);
            long number = opened.position();
            // This opens the resource without a fence as well, because the opening makes earlier tokens stale.
            long numberUnfenced = unfenced.open(stream, token).position();
            while (opened.answer() == Answer.ACCEPTED && !stopping && lease.isSafe()) {
                // Anything may happen between the check of the lease and the write. That is why a fence is necessary.
                pause(random, 0, isLong ? 150 : 10);
                ResourceClient.Reply reply = recorded(Kind.PUBLISH, stream, token, ++number);
                if (isLong) {
                    unfenced.publish(stream, ++numberUnfenced, token);
                }
                if (reply.answer() != Answer.ACCEPTED || System.nanoTime() - until > 0) {
                    return;
                }
                pause(random, 0, 150);
            }
        }
    }

    private ResourceClient.Reply recorded(Kind kind, String stream, long token, long number) throws IOException {
        Call call = Call.sent(wire.nextId(), settings.owner(), kind, stream, token, number);
        history.append(List.of(call));
        ResourceClient.Reply reply =
                kind == Kind.OPEN ? resource.open(stream, token) : resource.publish(stream, number, token);
        history.append(List.of(call.answered(reply.answer(), null, token)));
        return reply;
    }

    private static void pause(Random random, int fromMs, int toMs) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(fromMs + random.nextInt(toMs - fromMs + 1));
    }
}
