package io.streamlocks.proof.process;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A coordinator, and its way to the database. */
public final class CoordinatorNode implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(60);

    private final int port;
    private final Child process;
    private final List<Link> toDatabase;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    /**
     * One that reaches its database without a link. It is not started by this.
     *
     * @param name of its log in the directory, too
     * @param jvm the program java and its options
     * @param environment its settings, but for its port
     */
    public CoordinatorNode(String name, List<String> jvm, Path jar, Map<String, String> environment, Path directory)
            throws IOException {
        this(name, jvm, jar, environment, directory, List.of());
    }

    /**
     * Describes a coordinator that reaches its database through links. This does not start it.
     *
     * @param toDatabase the links, which fail with the node
     */
    public CoordinatorNode(
            String name,
            List<String> jvm,
            Path jar,
            Map<String, String> environment,
            Path directory,
            List<Link> toDatabase)
            throws IOException {
        this.toDatabase = toDatabase;
        port = Machine.freePort();
        List<String> command = new ArrayList<>(jvm);
        command.addAll(List.of("-jar", jar.toString()));
        Map<String, String> all = new HashMap<>(environment);
        all.put("HTTP_PORT", Integer.toString(port));
        process = new Child(name, command, all, directory.resolve(name + ".log"));
    }

    /** Where it listens, on loopback. */
    public int port() {
        return port;
    }

    /** The process, which is to be started. */
    public Child process() {
        return process;
    }

    public List<Link> toDatabase() {
        return toDatabase;
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    /** Whether it says that calls would be served. */
    public boolean isReady() throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(uri("/readyz"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Returns when it is ready.
     *
     * @throws IOException if it ended, or is not ready after a minute
     */
    public void awaitReady() throws IOException, InterruptedException {
        if (!becomesReady(START)) {
            throw new IOException(process.name() + " is not ready; see " + process.log());
        }
    }

    /** Returns whether it is ready within that time. */
    public boolean becomesReady(Duration within) throws InterruptedException {
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
    public String get(String path) throws IOException, InterruptedException {
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
