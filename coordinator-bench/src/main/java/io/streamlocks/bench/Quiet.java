package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/** One holder and one waiter on idle servers. This shows how long the waiter waits after the lease has ended. */
final class Quiet implements AutoCloseable {

    /** A server has to compile its code first. There are so many hand-overs before each one that is measured. */
    private static final int WARM_UPS_PER_HAND_OVER = 30;

    /** A waiter waits for up to this time before the release, so that periodic work of servers is at any point. */
    private static final int PAUSE_MS = 1000;

    /** A killed holder costs seconds, so there are fewer of them. */
    private static final int HAND_OVERS_PER_KILL = 10;

    private static final Duration HOLDER_START = Duration.ofSeconds(30);

    private final Bed bed;
    private final int handOvers;
    private final PrintStream out;
    private final Figures figures = new Figures();
    private final ExecutorService waiting = Executors.newCachedThreadPool();

    Quiet(Bed bed, int handOvers, PrintStream out) {
        this.bed = bed;
        this.handOvers = handOvers;
        this.out = out;
    }

    /** A waiter that has the lease. */
    private record Granted(long nanos, Instant at) {}

    /** Runs. Returns true; a failure is an exception. */
    boolean run() throws Exception {
        try (DeafLink link = new DeafLink(bed.postgres().port());
                CoordinatorContender one = CoordinatorContender.start(bed);
                CoordinatorContender other = CoordinatorContender.start(bed, "coordinator-other", Map.of());
                CoordinatorContender deaf = CoordinatorContender.start(
                        bed,
                        "coordinator-deaf",
                        Map.of("DATABASE_URL", bed.postgres().url(link.port()) + "?sslmode=disable"));
                PlainCalls ofOne = new PlainCalls(one.uri(), 4);
                PlainCalls ofOther = new PlainCalls(other.uri(), 4);
                PlainCalls ofDeaf = new PlainCalls(deaf.uri(), 4)) {
            figures.put("handOvers", handOvers);
            int warmUps = WARM_UPS_PER_HAND_OVER * handOvers;
            measure("oneServer", warmUps, ofOne, ofOne);
            measure("twoServers", warmUps, ofOne, ofOther);
            // Here each hand-over takes a part of the interval at which a server looks.
            measure("twoServersWithoutNotifications", handOvers, ofOne, ofDeaf);
            measureKills(one.uri(), ofOther);
        }
        figures.report(bed.postgres(), out, bed.output().resolve("quiet.json"));
        return true;
    }

    private void measure(String name, int warmUps, PlainCalls holder, PlainCalls waiter) throws Exception {
        Histogram times = Load.histogram();
        for (int i = -warmUps; i < handOvers; i++) {
            String streamId = "quiet-" + UUID.randomUUID();
            UUID held = UUID.randomUUID();
            if (!holder.tryAcquire(streamId, "holder", held)) {
                throw new IllegalStateException("A new stream was not free");
            }
            UUID awaited = UUID.randomUUID();
            Future<Granted> granted = await(waiter, streamId, awaited);
            pause(i < 0 ? 0 : PAUSE_MS);
            long began = System.nanoTime();
            holder.release(streamId, held);
            long took = granted.get(1, TimeUnit.MINUTES).nanos() - began;
            waiter.release(streamId, awaited);
            if (i >= 0) {
                Load.record(times, took);
            }
        }
        put(name, times);
    }

    /** Measures from the end of a dead holder's lease, by the database. Its clock is the clock of this process. */
    private void measureKills(URI holder, PlainCalls waiter) throws Exception {
        Histogram times = Load.histogram();
        for (int i = 0; i < Math.max(1, handOvers / HAND_OVERS_PER_KILL); i++) {
            String streamId = "quiet-" + UUID.randomUUID();
            List<String> command = List.of(
                    Machine.java(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    QuietHolder.class.getName(),
                    holder.toString(),
                    streamId);
            ChildProcess process =
                    bed.processes().start(command, Map.of(), bed.output().resolve("holder.log"));
            try {
                process.awaitOutput(Pattern.compile(QuietHolder.HOLDS), HOLDER_START);
                UUID awaited = UUID.randomUUID();
                Future<Granted> granted = await(waiter, streamId, awaited);
                pause(PAUSE_MS);
                process.kill();
                Instant ended = end(streamId);
                Instant at = granted.get(1, TimeUnit.MINUTES).at();
                waiter.release(streamId, awaited);
                Load.record(times, Math.max(0, ChronoUnit.NANOS.between(ended, at)));
            } finally {
                bed.processes().stop(process);
            }
        }
        put("holderKilled", times);
    }

    private Instant end(String streamId) throws SQLException {
        long micros = Long.parseLong(bed.postgres().query(String.format(Locale.ROOT, """
                SELECT (extract(epoch FROM expires_at) * 1000000)::bigint
                FROM stream_locks WHERE stream_id = '%s'
                """, streamId)));
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    /** Waits for a stream in another thread. Returns when the waiter is in the queue. */
    private Future<Granted> await(PlainCalls waiter, String streamId, UUID leaseId)
            throws IOException, InterruptedException {
        Future<Granted> granted = waiting.submit(() -> {
            waiter.acquire(streamId, "waiter", leaseId);
            return new Granted(System.nanoTime(), Instant.now());
        });
        while (waiter.waiters(streamId) == 0) {
            if (granted.isDone()) {
                throw new IllegalStateException("The waiter did not wait");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return granted;
    }

    private static void pause(int atMostMs) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(atMostMs + 1));
    }

    private void put(String name, Histogram times) {
        figures.put(name + "P50Ms", Load.ms(times, 50));
        figures.put(name + "P99Ms", Load.ms(times, 99));
        figures.put(name + "MaxMs", Load.ms(times, 100));
        System.err.printf(Locale.ROOT, "%s: %.2f ms, p99 %.2f ms%n", name, Load.ms(times, 50), Load.ms(times, 99));
    }

    @Override
    public void close() {
        waiting.shutdownNow();
    }
}
