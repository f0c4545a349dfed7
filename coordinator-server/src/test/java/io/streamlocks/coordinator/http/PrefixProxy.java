package io.streamlocks.coordinator.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;

/**
 * A proxy that serves a coordinator below {@code /locks}, and nothing else. What follows in a path it passes on as it
 * came.
 */
final class PrefixProxy implements AutoCloseable {

    static final String PREFIX = "/locks";

    private static final List<String> PASSED_ON = List.of("Accept", "Authorization", "Content-Type");
    private static final List<String> KEPT_BACK = List.of("connection", "content-length", "transfer-encoding");

    final int port;
    private final int coordinator;
    private final UnaryOperator<String> rewriting;
    private final HttpServer proxy;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newHttpClient();

    /** Starts it in front of the coordinator at this port of this machine. */
    PrefixProxy(int coordinator) throws IOException {
        this(coordinator, UnaryOperator.identity());
    }

    /** Makes a proxy that rewrites paths in another way. */
    PrefixProxy(int coordinator, UnaryOperator<String> rewriting) throws IOException {
        this.coordinator = coordinator;
        this.rewriting = rewriting;
        this.proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.setExecutor(threads);
        proxy.createContext(PREFIX + "/", this::passOn);
        proxy.start();
        this.port = proxy.getAddress().getPort();
    }

    private void passOn(HttpExchange exchange) throws IOException {
        try (exchange) {
            String rest = rewriting.apply(exchange.getRequestURI().toString().substring(PREFIX.length()));
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + coordinator + rest))
                    .method(
                            exchange.getRequestMethod(),
                            BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
            for (String name : PASSED_ON) {
                if (exchange.getRequestHeaders().getFirst(name) != null) {
                    request.header(name, exchange.getRequestHeaders().getFirst(name));
                }
            }
            HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
            response.headers().map().forEach((name, values) -> {
                if (!KEPT_BACK.contains(name.toLowerCase(Locale.ROOT))) {
                    exchange.getResponseHeaders().put(name, values);
                }
            });
            byte[] body = response.body();
            exchange.sendResponseHeaders(response.statusCode(), body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                exchange.getResponseBody().write(body);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        proxy.stop(0);
        threads.shutdownNow();
    }
}
