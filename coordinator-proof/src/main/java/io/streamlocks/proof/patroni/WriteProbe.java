package io.streamlocks.proof.patroni;

import io.streamlocks.proof.process.CoordinatorNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Acquires a free stream at each coordinator every 50 ms, and notes when a grant comes. A call that hangs does not
 * delay the next one. This class is thread-safe.
 */
final class WriteProbe implements AutoCloseable {

    private static final long EVERY_MS = 50;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** A lease of one second has ended when its stream comes again. */
    private static final int STREAMS = 200;

    private final List<CoordinatorNode> coordinators;
    private final String prefix;
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<NavigableSet<Long>> grants = new ArrayList<>();
    private final ScheduledExecutorService ticking = Executors.newSingleThreadScheduledExecutor();
    private long ticks;

    /**
     * Begins to acquire.
     *
     * @param prefix the prefix of its streams
     */
    WriteProbe(List<CoordinatorNode> coordinators, String prefix) {
        this.coordinators = coordinators;
        this.prefix = prefix;
        coordinators.forEach(coordinator -> grants.add(new ConcurrentSkipListSet<>()));
        ticking.scheduleAtFixedRate(this::tick, 0, EVERY_MS, TimeUnit.MILLISECONDS);
    }

    private void tick() {
        try {
            long stream = ticks++ % STREAMS;
            for (int i = 0; i < coordinators.size(); i++) {
                NavigableSet<Long> granted = grants.get(i);
                http.sendAsync(acquire(i, prefix + i + "-" + stream), HttpResponse.BodyHandlers.discarding())
                        .thenAccept(response -> {
                            if (response.statusCode() == 200) {
                                granted.add(System.nanoTime());
                            }
                        });
            }
        } catch (RuntimeException e) {
            // A task that throws would not run again.
            e.printStackTrace();
        }
    }

    private HttpRequest acquire(int coordinator, String stream) {
        String body = String.format(
                Locale.ROOT, "{\"ownerId\":\"probe\",\"leaseId\":\"%s\",\"ttlMs\":1000}", UUID.randomUUID());
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                        + coordinators.get(coordinator).port() + "/v1/locks/" + stream + "/acquire"))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    /**
     * Blocks until each coordinator has granted a lease after this moment, and returns the seconds in between.
     *
     * @param moment monotonic
     * @throws IOException if a coordinator grants none within this time
     */
    List<Double> secondsUntilGrants(long moment, Duration atMost) throws IOException, InterruptedException {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < coordinators.size(); i++) {
            Long granted = grants.get(i).higher(moment);
            while (granted == null) {
                if (System.nanoTime() - moment > atMost.toNanos()) {
                    throw new IOException(coordinators.get(i).process().name() + " granted nothing within " + atMost);
                }
                TimeUnit.MILLISECONDS.sleep(10);
                granted = grants.get(i).higher(moment);
            }
            seconds.add((granted - moment) / 1e9);
        }
        return seconds;
    }

    /**
     * Returns the longest time without a grant, in seconds, at the coordinator with the longest.
     *
     * @param from the beginning, monotonic; there must have been a grant before
     */
    double longestPause(long from, long to) {
        long longest = 0;
        for (NavigableSet<Long> granted : grants) {
            Long last = granted.lower(from);
            for (long one : granted.tailSet(from)) {
                longest = last == null ? longest : Math.max(longest, one - last);
                last = one;
                if (one - to > 0) {
                    break;
                }
            }
        }
        return longest / 1e9;
    }

    @Override
    public void close() {
        ticking.shutdownNow();
    }
}
