package io.streamlocks.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;

/** A proxy before a coordinator that does not leave what it passes on as it is. */
final class RewritingProxy implements AutoCloseable {

    private final URI coordinator;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient http = HttpClient.newHttpClient();
    private final HttpServer server;
    private volatile UnaryOperator<String> request = UnaryOperator.identity();
    private volatile UnaryOperator<String> answer = UnaryOperator.identity();

    RewritingProxy(URI coordinator) throws IOException {
        this.coordinator = coordinator;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::pass);
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Changes the bodies of requests like this from now on. */
    void changeRequests(UnaryOperator<String> change) {
        request = change;
    }

    /** Changes the bodies of answers like this from now on. */
    void changeAnswers(UnaryOperator<String> change) {
        answer = change;
    }

    /** Decodes the path and resolves its dots, as nginx does if its {@code proxy_pass} has a path. */
    private static String normalized(URI uri) {
        String path = URI.create("http://x" + uri.getRawPath().replace("%2F", "/"))
                .normalize()
                .getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    private void pass(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = request.apply(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            HttpResponse<String> answered = http.send(
                    HttpRequest.newBuilder(coordinator.resolve(normalized(exchange.getRequestURI())))
                            .header("Content-Type", "application/json")
                            .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            byte[] bytes = answer.apply(answered.body()).getBytes(UTF_8);
            answered.headers().firstValue("Content-Type").ifPresent(type -> exchange.getResponseHeaders()
                    .set("Content-Type", type));
            exchange.sendResponseHeaders(answered.statusCode(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
