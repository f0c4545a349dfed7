package io.streamlocks.bench;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Calls that wait for streams and are repeated when their time is up, without a thread for each. Most calls have one
 * waiter and a connection of their own. A server accepts 10,000 connections, so the waiters beyond 9,000 share calls.
 * This class is thread-safe.
 */
final class WaitingCalls implements AutoCloseable {

    private static final int WAIT_MS = 25_000;

    /** How late an answer may be. A new server is slow, and all calls end within a few seconds. */
    private static final int LATE_MS = 30_000;

    private static final int START_MS = 10_000;
    private static final int ALONE = 9000;
    private static final int PER_SHARED_CALL = 100;
    private static final int MESSAGES = 3;
    private static final Executor AFTER_FAILURE = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

    private final URI uri;
    private final int waiters;
    private final List<String> streamIds;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final Queue<String> messages = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    WaitingCalls(URI coordinator, int waiters, List<String> streamIds) {
        this.uri = coordinator.resolve("/v1/batch/acquire");
        this.waiters = waiters;
        this.streamIds = streamIds;
    }

    /**
     * Sends all calls, evenly over {@value #START_MS} ms, so that every 25 s there are seconds in which no call ends.
     * Blocks for that time.
     */
    void start() throws InterruptedException {
        long began = System.nanoTime();
        int next = 0;
        while (next < waiters) {
            int end = next < ALONE ? next + 1 : Math.min(waiters, next + PER_SHARED_CALL);
            send(HttpRequest.newBuilder(uri)
                    .timeout(Duration.ofMillis(WAIT_MS + LATE_MS))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body(next, end)))
                    .build());
            next = end;
            long due = began + TimeUnit.MILLISECONDS.toNanos(START_MS) * next / waiters;
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
        }
    }

    private String body(int from, int to) {
        StringBuilder body = new StringBuilder();
        for (int i = from; i < to; i++) {
            body.append(i == from ? "{\"items\":[" : ",");
            body.append(String.format(
                    Locale.ROOT,
                    "{\"streamId\":\"%s\",\"ownerId\":\"waiter-%d\",\"leaseId\":\"%s\"}",
                    streamIds.get(i % streamIds.size()),
                    i,
                    UUID.randomUUID()));
        }
        return body.append("],\"waitMs\":").append(WAIT_MS).append('}').toString();
    }

    private void send(HttpRequest request) {
        http.sendAsync(request, HttpResponse.BodyHandlers.ofString()).whenComplete((response, failure) -> {
            if (closed) {
                return;
            }
            if (failure == null
                    && response.statusCode() == 200
                    && response.body().contains("\"lock-held\"")) {
                answered.incrementAndGet();
                send(request);
                return;
            }
            failed(failure == null ? response.statusCode() + ": " + response.body() : failure.toString());
            // A server that refuses a call would otherwise get it again at once, and be busy with refusals.
            AFTER_FAILURE.execute(() -> send(request));
        });
    }

    private void failed(String message) {
        if (failures.incrementAndGet() <= MESSAGES) {
            messages.add(message);
        }
    }

    /** Returns the number of calls whose time was up. */
    long answered() {
        return answered.get();
    }

    long failures() {
        return failures.get();
    }

    List<String> messages() {
        return List.copyOf(messages);
    }

    /** Sends no more calls. The connections end with the server. */
    @Override
    public void close() {
        closed = true;
    }
}
