package io.streamlocks.proof.process;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Link;
import io.streamlocks.testkit.rig.Machine;
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

/** A coordinator process and its links to the database. It keeps its port when it is started again. */
public final class CoordinatorNode implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(60);

    private final int port;
    private final ChildProcess process;
    private final List<Link> toDatabase;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    /**
     * Describes a coordinator without links to the database. This does not start it.
     *
     * @param name the name in messages and of the log file
     * @param jvm the program java and its options
     * @param jar the coordinator's jar
     * @param environment the settings, without the port
     * @param directory the directory of the log file
     */
    public CoordinatorNode(String name, List<String> jvm, Path jar, Map<String, String> environment, Path directory)
            throws IOException {
        this(name, jvm, jar, environment, directory, List.of());
    }

    /**
     * Describes a coordinator that reaches its database through links. This does not start it.
     *
     * @param toDatabase the links that the settings lead to
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
        process = ChildProcess.command(command)
                .name(name)
                .environment(all)
                .log(directory.resolve(name + ".log"))
                .build();
    }

    /** Returns the port of the loopback interface on which the coordinator listens. */
    public int port() {
        return port;
    }

    /** Returns the process, which the caller starts. */
    public ChildProcess process() {
        return process;
    }

    /** Returns the links to the database. */
    public List<Link> toDatabase() {
        return toDatabase;
    }

    /**
     * Blocks until the coordinator is ready.
     *
     * @throws IOException if the process ends, or is not ready after a minute
     */
    public void awaitReady() throws IOException, InterruptedException {
        if (!becomesReady(START)) {
            throw new IOException(process.name() + " is not ready; see " + process.log());
        }
    }

    /** Returns whether the coordinator becomes ready within this time. */
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

    private boolean isReady() throws InterruptedException {
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
     * Sends a GET request and returns the body of the response.
     *
     * @throws IOException if there is no response within 10 s, or its status is not 200
     */
    public String get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(10))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(path + " returned " + response.statusCode() + ": " + response.body());
        }
        return response.body();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    @Override
    public void close() {
        process.close();
    }
}
