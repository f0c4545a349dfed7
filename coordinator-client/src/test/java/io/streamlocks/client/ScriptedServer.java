package io.streamlocks.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A client, and a server whose responses each test defines. */
@Timeout(20)
abstract class ScriptedServer {

    static final String LEASE = """
            {"streamId": "%s", "ownerId": "pod-1", "leaseId": "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10",
             "fencingToken": 9007199254740991, "ttlMs": 30000, "acquiredAt": "2026-01-31T12:00:00.000001Z",
             "expiresAt": "2026-01-31T12:00:30.000001Z", "expiresInMs": 29998}""";

    final Queue<HttpExchange> exchanges = new ConcurrentLinkedQueue<>();
    final ExecutorService threads = Executors.newCachedThreadPool();
    HttpServer server;
    CoordinatorHttp client;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
        // The default time-outs are too short for a busy test machine.
        client = CoordinatorHttp.connect(uri(), Duration.ofSeconds(30), Duration.ofSeconds(30));
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
        threads.shutdownNow();
    }

    void answer(HttpHandler handler) {
        server.createContext("/", exchange -> {
            exchanges.add(exchange);
            handler.handle(exchange);
        });
    }

    static void reply(HttpExchange exchange, int status, String contentType, String body) throws IOException {
        exchange.getRequestBody().readAllBytes();
        if (contentType != null) {
            exchange.getResponseHeaders().set("Content-Type", contentType);
        }
        var bytes = body.getBytes(UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    static String segment(HttpExchange exchange) {
        return exchange.getRequestURI().getPath().split("/")[3];
    }

    URI uri() {
        return uri(server.getAddress().getPort());
    }

    static URI uri(int port) {
        return URI.create("http://127.0.0.1:" + port);
    }
}
