package io.streamlocks.bench;

import io.streamlocks.bench.BatchCalls.Call;
import io.streamlocks.bench.Options.WaitersOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Many callers that wait for streams that nobody releases. This shows what an idle queue costs a server. */
final class IdleWaiters {

    private static final int WAITERS_PER_STREAM = 10;
    private static final int LEASES_PER_CALL = 100;
    private static final int COLD_CALLS = 5;

    /** A call that is being repeated does not wait for a moment. */
    private static final double LEAST_PART = 0.95;

    /** How long a new server may take until everybody waits. */
    private static final long SETTLE_NANOS = TimeUnit.MINUTES.toNanos(2);

    /** The leases outlive the measurement, because renewals would cost something as well. */
    private static final long TTL_MS = TimeUnit.HOURS.toMillis(2);

    private static final int SECONDS_OF_CHANGE = 3;

    private static final String WAITERS =
            "SELECT count(*) FROM stream_lock_waiters WHERE calling_until > clock_timestamp()";

    private final Bed bed;
    private final WaitersOptions options;
    private final PrintStream out;

    IdleWaiters(Bed bed, WaitersOptions options, PrintStream out) {
        this.bed = bed;
        this.options = options;
        this.out = out;
    }

    /** Runs. Returns whether everybody waited and no call failed. */
    boolean run() throws Exception {
        Map<String, String> settings = Map.of("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "10000");
        try (CoordinatorContender coordinator = CoordinatorContender.start(bed, "coordinator-of-waiters", settings)) {
            List<String> streamIds = IntStream.range(0, Math.max(1, options.waiters() / WAITERS_PER_STREAM))
                    .mapToObj(i -> "awaited-" + i)
                    .toList();
            hold(coordinator, streamIds);
            try (WaitingCalls calls = new WaitingCalls(coordinator.uri(), options.waiters(), streamIds)) {
                calls.start();
                settle();
                return measure(coordinator, calls);
            }
        }
    }

    private static void hold(CoordinatorContender coordinator, List<String> streamIds) throws Exception {
        try (BatchCalls calls = new BatchCalls(coordinator.uri(), 1)) {
            for (int from = 0; from < streamIds.size(); from += LEASES_PER_CALL) {
                int to = Math.min(streamIds.size(), from + LEASES_PER_CALL);
                acquire(calls, new LeaseBatch(streamIds.subList(from, to), TTL_MS), COLD_CALLS);
            }
        }
    }

    /** A new server may be too slow for its first calls. An acquire that is repeated gets the same leases. */
    private static void acquire(BatchCalls calls, LeaseBatch batch, int attempts) throws IOException {
        try {
            calls.call(Call.ACQUIRE, batch);
        } catch (SocketTimeoutException e) {
            if (attempts == 1) {
                throw e;
            }
            acquire(calls, batch, attempts - 1);
        }
    }

    private void settle() throws SQLException, InterruptedException {
        long began = System.nanoTime();
        while (waiters() < LEAST_PART * options.waiters() && System.nanoTime() - began < SETTLE_NANOS) {
            TimeUnit.SECONDS.sleep(1);
        }
    }

    private boolean measure(CoordinatorContender coordinator, WaitingCalls calls) throws Exception {
        long server = coordinator.process().pid();
        long postgres = bed.postgres().pid();
        List<Long> waiting = new ArrayList<>();
        long answeredBefore = calls.answered();
        long failedBefore = calls.failures();
        double serverBefore = ProcessFigures.cpuSeconds(server);
        double postgresBefore = ProcessFigures.cpuSecondsWithChildren(postgres);
        long began = System.nanoTime();
        waiting.add(waiters());
        double atRest = percentOfACoreAtRest(server, calls);
        double seconds = (System.nanoTime() - began) / 1e9;
        double serverUsed = ProcessFigures.cpuSeconds(server) - serverBefore;
        double postgresUsed = ProcessFigures.cpuSecondsWithChildren(postgres) - postgresBefore;
        waiting.add(waiters());

        Figures figures = new Figures();
        figures.put("waiters", options.waiters());
        figures.put("seconds", seconds);
        figures.put("waitersInQueues", waiting);
        figures.put("callsPerSecond", (calls.answered() - answeredBefore) / seconds);
        if (Double.isFinite(atRest)) {
            figures.put("serverPercentOfACoreAtRest", atRest);
        }
        figures.put("serverPercentOfACore", 100 * serverUsed / seconds);
        figures.put("postgresPercentOfACore", 100 * postgresUsed / seconds);
        figures.put("serverRssMb", ProcessFigures.residentBytes(server).orElse(0) / 1_000_000);
        figures.put("serverLiveHeapMb", ProcessFigures.liveHeapBytes(server).orElse(0) / 1_000_000);
        figures.put("serverThreads", ProcessFigures.threads(server));
        long failures = calls.failures() - failedBefore;
        figures.put("failuresBefore", failedBefore);
        figures.put("failures", failures);
        figures.put("messages", calls.messages());
        figures.report(bed.postgres(), out, bed.output().resolve("waiters.json"));
        return failures == 0 && waiting.stream().allMatch(count -> count >= LEAST_PART * options.waiters());
    }

    /**
     * Waits, and measures the seconds in which nothing happens: no call has ended in them or in the three seconds
     * before, in which the server may still be busy with the next calls of those clients.
     *
     * @return how much of a core the server used in those seconds; NaN if there were none
     */
    private double percentOfACoreAtRest(long server, WaitingCalls calls) throws IOException, InterruptedException {
        double used = 0;
        int resting = 0;
        int quiet = 0;
        for (long second = 0; second < options.time().toSeconds(); second++) {
            long answered = calls.answered();
            double before = ProcessFigures.cpuSeconds(server);
            TimeUnit.SECONDS.sleep(1);
            quiet = calls.answered() == answered ? quiet + 1 : 0;
            if (quiet > SECONDS_OF_CHANGE) {
                used += ProcessFigures.cpuSeconds(server) - before;
                resting++;
            }
        }
        return 100 * used / resting;
    }

    private long waiters() throws SQLException {
        return Long.parseLong(bed.postgres().query(WAITERS));
    }
}
