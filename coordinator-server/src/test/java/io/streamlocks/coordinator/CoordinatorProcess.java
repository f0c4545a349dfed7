package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A coordinator as a process of its own, with no environment but the settings given. */
final class CoordinatorProcess implements AutoCloseable {

    private static final Pattern ADDRESS = Pattern.compile("is ready at (https?://\\S+)");

    private final long startedAt = System.nanoTime();
    private final Process process;
    private final List<String> out = new CopyOnWriteArrayList<>();
    private final List<String> err = new CopyOnWriteArrayList<>();
    private final List<Thread> readers;

    private CoordinatorProcess(Map<String, String> settings, List<String> javaOptions, String... args)
            throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        // Those of the tests, which are odd on purpose.
        for (String odd : List.of("user.language", "user.country", "user.timezone")) {
            Optional.ofNullable(System.getProperty(odd)).ifPresent(value -> command.add("-D" + odd + "=" + value));
        }
        command.addAll(javaOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(settings);
        process = builder.start();
        readers = List.of(reader(process.getInputStream(), out), reader(process.getErrorStream(), err));
    }

    static CoordinatorProcess start(Map<String, String> settings) throws IOException {
        return new CoordinatorProcess(settings, List.of());
    }

    /** The same with options of Java. */
    static CoordinatorProcess start(Map<String, String> settings, List<String> javaOptions) throws IOException {
        return new CoordinatorProcess(settings, javaOptions);
    }

    /** The same with arguments. */
    static CoordinatorProcess run(String... args) throws IOException {
        return new CoordinatorProcess(Map.of(), List.of(), args);
    }

    /** Where it listens; waits until it says that it is ready. */
    String url() {
        return await("coordinator is ready")
                .atMost(Duration.ofSeconds(30))
                .until(
                        () -> {
                            if (!process.isAlive()) {
                                throw new AssertionError("The coordinator has ended: " + err());
                            }
                            Matcher address = ADDRESS.matcher(out());
                            return address.find() ? address.group(1) : null;
                        },
                        url -> url != null);
    }

    Duration age() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    /** What it has printed so far. */
    String out() {
        return String.join("\n", out);
    }

    /** What it has logged so far. */
    String err() {
        return String.join("\n", err);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Waits for its end, and for all that it printed. */
    int exitCode(Duration atMost) throws InterruptedException {
        if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("The coordinator has not ended within " + atMost + ": " + err());
        }
        for (Thread reader : readers) {
            reader.join(TimeUnit.SECONDS.toMillis(5));
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private static Thread reader(InputStream stream, List<String> lines) {
        Thread thread = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                // Of a Java that is newer than the tests' time zone.
                reader.lines()
                        .filter(line -> !line.startsWith("WARNING: Use of the three-letter time zone ID"))
                        .forEach(lines::add);
            } catch (IOException | java.io.UncheckedIOException e) {
                lines.add("(" + e + ")");
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
