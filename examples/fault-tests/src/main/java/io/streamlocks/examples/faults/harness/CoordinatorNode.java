package io.streamlocks.examples.faults.harness;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A coordinator, and its way to the database. */
final class CoordinatorNode implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(60);

    private final int port;
    private final Child process;
    private final List<Link> toDatabase;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    CoordinatorNode(
            int number, List<String> jvm, Settings settings, Path directory, List<Link> toDatabase, String databaseUrl)
            throws IOException {
        this.toDatabase = toDatabase;
        port = Machine.freePort();
        List<String> command = new ArrayList<>(jvm);
        command.addAll(List.of("-Xmx256m", "-jar", settings.coordinatorJar().toString()));
        process = new Child(
                "coordinator " + number,
                command,
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", databaseUrl, "HTTP_PORT", Integer.toString(port)),
                directory.resolve("coordinator-" + number + ".log"));
    }

    int port() {
        return port;
    }

    Child process() {
        return process;
    }

    List<Link> toDatabase() {
        return toDatabase;
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    /** Whether it says that calls would be served. */
    boolean isReady() throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(uri("/readyz"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns when it is ready. */
    void awaitReady() throws IOException, InterruptedException {
        if (!becomesReady(START)) {
            throw new IOException(process.name() + " is not ready; see " + process.log());
        }
    }

    /** Returns whether it is ready within that time. */
    boolean becomesReady(Duration within) throws InterruptedException {
        long began = System.nanoTime();
        while (!isReady()) {
            if (!process.isAlive() || System.nanoTime() - began > within.toNanos()) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return true;
    }

    /** The body of a GET. */
    String get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(10))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(path + " was answered with " + response.statusCode() + ": " + response.body());
        }
        return response.body();
    }

    @Override
    public void close() {
        process.close();
    }
}
