import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts the processes, and kills those that are left at the end. */
final class Processes {

    static final Duration START = Duration.ofMinutes(1);
    static final String GROUP = "orders";
    private static final int RUN_SECONDS = 7200;

    private final Options options;
    private final List<Process> started = new ArrayList<>();
    private boolean isOver;

    Processes(Options options) throws IOException {
        this.options = options;
        Files.createDirectories(logs());
    }

    Path target() {
        return options.root().resolve("examples/even-shares/target");
    }

    Path logs() {
        return target().resolve("logs");
    }

    URI coordinator() throws IOException, InterruptedException {
        Map<String, String> settings = Map.of("HTTP_PORT", "0", "LOCK_BACKEND", "memory");
        return awaitUrl(start("coordinator", "coordinator-server/target/coordinator.jar", 256, settings));
    }

    URI streamApi() throws IOException, InterruptedException {
        int perSecond = options.eventsPerSecond();
        Map<String, String> settings = Map.of(
                "PORT", "0",
                "STREAMS", "" + options.streams(),
                "EVENTS", "" + perSecond * RUN_SECONDS,
                "RUN_SECONDS", "" + RUN_SECONDS,
                "PAGE", "" + options.streams(),
                "BURST", "1",
                "REPEAT_MS", "" + (options.heartbeat().toMillis() + 3000L * options.streams() / perSecond));
        return awaitUrl(start("stream-api", "examples/stream-api/target/stream-api.jar", 256, settings));
    }

    Worker worker(int number, URI coordinator, URI streamApi) throws IOException {
        Map<String, String> settings = Map.of(
                "COORDINATOR_URL", coordinator.toString(),
                "STREAM_API_URL", streamApi.toString(),
                "GROUP", GROUP,
                "MAX_SESSIONS", "1000000",
                "TTL_MS", "" + options.ttl().toMillis(),
                "POLL_MS", "" + options.heartbeat().dividedBy(2).toMillis(),
                "IDLE_MS", "" + Duration.ofHours(1).toMillis());
        int megabytes = 64 + options.streams() / 20;
        return new Worker(
                number, start("worker-" + number, "examples/worker-java/target/worker.jar", megabytes, settings));
    }

    /** A signal can come while a process is started, so both hold the monitor. */
    private synchronized Started start(String name, String jar, int megabytes, Map<String, String> settings)
            throws IOException {
        if (isOver) {
            throw new IOException("The run is over");
        }
        Path out = logs().resolve(name + ".out");
        ProcessBuilder builder = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx" + megabytes + "m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-jar",
                        options.root().resolve(jar).toString())
                .redirectOutput(out.toFile())
                .redirectError(logs().resolve(name + ".err").toFile());
        builder.environment().clear();
        builder.environment().putAll(settings);
        Process process = builder.start();
        started.add(process);
        return new Started(process, out);
    }

    private URI awaitUrl(Started server) throws IOException, InterruptedException {
        Instant end = Instant.now().plus(START);
        while (Instant.now().isBefore(end) && server.process().isAlive()) {
            Optional<String> url = server.find("ready at (http\\S+)");
            if (url.isPresent()) {
                return URI.create(url.get());
            }
            Thread.sleep(50);
        }
        throw new IOException("A server did not start. See " + logs());
    }

    synchronized void killAll() {
        isOver = true;
        started.forEach(Process::destroyForcibly);
    }
}
