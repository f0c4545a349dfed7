package io.streamlocks.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;

/** A proxy before a coordinator that does not leave what it passes on as it is. */
public final class RewritingProxy implements AutoCloseable {

    private final URI coordinator;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private volatile UnaryOperator<String> request = UnaryOperator.identity();
    private volatile UnaryOperator<String> answer = UnaryOperator.identity();

    public RewritingProxy(URI coordinator) throws IOException {
        this.coordinator = coordinator;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::pass);
        server.start();
    }

    /** Returns where the proxy listens. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Changes the bodies of requests like this from now on. */
    public void changeRequests(UnaryOperator<String> change) {
        request = change;
    }

    /** Changes the bodies of answers like this from now on. */
    public void changeAnswers(UnaryOperator<String> change) {
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
            HttpURLConnection call = (HttpURLConnection) coordinator
                    .resolve(normalized(exchange.getRequestURI()))
                    .toURL()
                    .openConnection();
            call.setRequestMethod(exchange.getRequestMethod());
            call.setRequestProperty("Content-Type", "application/json");
            // A server takes a second to stop while a client keeps a connection.
            call.setRequestProperty("Connection", "close");
            if (!body.isEmpty()) {
                call.setDoOutput(true);
                call.getOutputStream().write(body.getBytes(UTF_8));
            }
            int status = call.getResponseCode();
            byte[] bytes = answer.apply(read(status < 400 ? call.getInputStream() : call.getErrorStream()))
                    .getBytes(UTF_8);
            if (call.getContentType() != null) {
                exchange.getResponseHeaders().set("Content-Type", call.getContentType());
            }
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static String read(InputStream in) throws IOException {
        return in == null ? "" : new String(in.readAllBytes(), UTF_8);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
