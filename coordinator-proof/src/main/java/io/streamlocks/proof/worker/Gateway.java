package io.streamlocks.proof.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.streamlocks.proof.history.Call;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A proxy between the client of a worker and the coordinators, in the worker's own process. It records everything that
 * the client does, including retries and releases in the background. Each request goes to another coordinator. A
 * coordinator that failed gets no request for a moment.
 *
 * <p>This class is thread-safe.
 */
final class Gateway implements AutoCloseable {

    private static final Duration LEFT_ALONE = Duration.ofMillis(300);

    private final Coordinators coordinators;
    private final Prober prober;
    private final AtomicInteger next;
    private final AtomicLongArray leftAloneUntil;
    private final WireCalls wire;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Gateway(Coordinators coordinators, Prober prober, WireCalls wire) throws IOException {
        this.coordinators = coordinators;
        this.prober = prober;
        this.wire = wire;
        next = new AtomicInteger((int) (System.nanoTime() & 0xFF));
        leftAloneUntil = new AtomicLongArray(coordinators.count());
        for (int i = 0; i < coordinators.count(); i++) {
            leftAloneUntil.set(i, System.nanoTime());
        }
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        // Without a response this ends the connection, so that the client does not wait for one.
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getRawPath();
            int coordinator = choose();
            List<Call> calls = wire.read(path, body, coordinator + 1);
            prober.sent(calls);
            Coordinators.Outcome outcome = coordinators.send(calls, path, body);
            prober.answered(outcome.calls());
            if (outcome.reply() == null || outcome.reply().status() == 503) {
                leaveAlone(coordinator);
            }
            if (outcome.reply() != null) {
                answer(exchange, outcome.reply());
            }
        }
    }

    private int choose() {
        long now = System.nanoTime();
        int first = Math.floorMod(next.getAndIncrement(), coordinators.count());
        for (int i = 0; i < coordinators.count(); i++) {
            int at = (first + i) % coordinators.count();
            if (leftAloneUntil.get(at) - now <= 0) {
                return at;
            }
        }
        return first;
    }

    private void leaveAlone(int coordinator) {
        leftAloneUntil.set(coordinator, System.nanoTime() + LEFT_ALONE.toNanos());
    }

    private static void answer(HttpExchange exchange, Coordinators.Reply reply) throws IOException {
        if (reply.contentType() != null) {
            exchange.getResponseHeaders().set("Content-Type", reply.contentType());
        }
        if (reply.retryAfter() != null) {
            exchange.getResponseHeaders().set("Retry-After", reply.retryAfter());
        }
        exchange.sendResponseHeaders(reply.status(), reply.body().length == 0 ? -1 : reply.body().length);
        if (reply.body().length > 0) {
            exchange.getResponseBody().write(reply.body());
        }
    }

    /** Blocks until the calls under way are recorded, for 10 s at most. */
    @Override
    public void close() throws IOException {
        threads.shutdown();
        try {
            threads.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.stop(0);
    }
}
