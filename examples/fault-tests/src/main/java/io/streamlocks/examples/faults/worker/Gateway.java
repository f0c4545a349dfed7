package io.streamlocks.examples.faults.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.streamlocks.examples.faults.history.Answer;
import io.streamlocks.examples.faults.history.Call;
import io.streamlocks.examples.faults.history.JsonLines;
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
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.Timeout;

/**
 * Stands between the client of a worker and the coordinators, in the worker's own process, and records what goes through:
 * so all is recorded that the client does, its retries and its releases in the background, too. Each request goes to
 * another coordinator; one that failed is left alone for a moment. Thread-safe.
 */
final class Gateway implements AutoCloseable {

    private static final Duration LEFT_ALONE = Duration.ofMillis(300);
    private static final int CONNECTIONS = 64;

    private record Reply(int status, byte[] body, String contentType, String retryAfter) {}

    private final List<URI> coordinators;
    private final AtomicInteger next;
    private final AtomicLongArray leftAloneUntil;
    private final WireCalls wire;
    private final JsonLines history;
    private final CloseableHttpClient http;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Gateway(List<URI> coordinators, Duration ttl, WireCalls wire, JsonLines history) throws IOException {
        this.coordinators = coordinators;
        this.wire = wire;
        this.history = history;
        next = new AtomicInteger((int) (System.nanoTime() & 0xFF));
        leftAloneUntil = new AtomicLongArray(coordinators.size());
        for (int i = 0; i < coordinators.size(); i++) {
            leftAloneUntil.set(i, System.nanoTime());
        }
        http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnTotal(CONNECTIONS * coordinators.size())
                        .setMaxConnPerRoute(CONNECTIONS)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.ofSeconds(1))
                                .setIdleTimeout(Timeout.ofSeconds(20))
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        // Longer than the client waits: what comes late is recorded as it was.
                        .setResponseTimeout(Timeout.of(ttl.plusSeconds(2)))
                        .build())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableContentCompression()
                .build();
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        // Without an answer this ends the connection, which is how the client learns that none will come.
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getRawPath();
            int coordinator = choose();
            List<Call> calls = wire.read(path, body, coordinator + 1);
            history.append(calls);
            Reply reply;
            try {
                reply = send(coordinators.get(coordinator).resolve(path), body);
            } catch (IOException e) {
                leaveAlone(coordinator);
                history.append(calls.stream()
                        .map(call -> call.answered(Answer.UNKNOWN, e.getClass().getSimpleName(), 0))
                        .toList());
                return;
            }
            if (reply.status() == 503) {
                leaveAlone(coordinator);
            }
            history.append(wire.answered(calls, path, reply.status(), reply.body()));
            answer(exchange, reply);
        }
    }

    private int choose() {
        long now = System.nanoTime();
        int first = Math.floorMod(next.getAndIncrement(), coordinators.size());
        for (int i = 0; i < coordinators.size(); i++) {
            int at = (first + i) % coordinators.size();
            if (leftAloneUntil.get(at) - now <= 0) {
                return at;
            }
        }
        return first;
    }

    private void leaveAlone(int coordinator) {
        leftAloneUntil.set(coordinator, System.nanoTime() + LEFT_ALONE.toNanos());
    }

    private Reply send(URI uri, byte[] body) throws IOException {
        HttpPost request = new HttpPost(uri);
        request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
        return http.execute(request, response -> {
            byte[] answer = response.getEntity() == null ? new byte[0] : EntityUtils.toByteArray(response.getEntity());
            return new Reply(
                    response.getCode(),
                    answer,
                    value(response.getFirstHeader("Content-Type")),
                    value(response.getFirstHeader("Retry-After")));
        });
    }

    private static String value(Header header) {
        return header == null ? null : header.getValue();
    }

    private static void answer(HttpExchange exchange, Reply reply) throws IOException {
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

    /** Waits for the calls under way, which are recorded yet. */
    @Override
    public void close() throws IOException {
        threads.shutdown();
        try {
            threads.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.stop(0);
        http.close();
    }
}
