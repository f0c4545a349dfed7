package io.streamlocks.coordinator;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A coordinator in a process of its own. Its environment has only the settings of the test. */
final class CoordinatorProcess implements AutoCloseable {

    private static final Pattern ADDRESS = Pattern.compile("is ready at (https?://\\S+)");

    private final long startedAt = System.nanoTime();
    private final ChildProcess process;

    private CoordinatorProcess(List<String> javaOptions, Map<String, String> settings, String... args)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(Machine.java()));
        // The fast compiler alone lets the process start sooner.
        command.add("-XX:TieredStopAtLevel=1");
        // The tests run under odd ones on purpose, and so does this process.
        for (String odd : List.of("user.language", "user.country", "user.timezone")) {
            Optional.ofNullable(System.getProperty(odd)).ifPresent(value -> command.add("-D" + odd + "=" + value));
        }
        command.addAll(javaOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        process = ChildProcess.command(command)
                .name("The coordinator")
                .onlyEnvironment(settings)
                .start();
    }

    static CoordinatorProcess start(Map<String, String> settings) throws IOException {
        return new CoordinatorProcess(List.of(), settings);
    }

    /** Starts a coordinator with options of its JVM. */
    static CoordinatorProcess start(List<String> options, Map<String, String> settings) throws IOException {
        return new CoordinatorProcess(options, settings);
    }

    /** Starts the program with arguments and without settings. */
    static CoordinatorProcess run(String... args) throws IOException {
        return run(Map.of(), args);
    }

    /** Starts the program with arguments and settings. */
    static CoordinatorProcess run(Map<String, String> settings, String... args) throws IOException {
        return new CoordinatorProcess(List.of(), settings, args);
    }

    /** Waits until the coordinator reports that it is ready, and returns its URL. */
    String url() {
        try {
            return process.awaitOutput(ADDRESS, Duration.ofSeconds(30)).group(1);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    Duration age() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    /** Returns what the process has printed so far. */
    String out() {
        return withoutWarning(process.output());
    }

    /** Returns what the process has logged so far. */
    String err() {
        return withoutWarning(process.errors());
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.terminate();
    }

    /** Waits for the end of the process, and returns its exit code. */
    int exitCode(Duration atMost) throws IOException, InterruptedException {
        return process.exitCode(atMost);
    }

    @Override
    public void close() {
        process.close();
    }

    /** Leaves out the warning of newer Java versions about the time zone of the tests. */
    private static String withoutWarning(String output) {
        return output.lines()
                .filter(line -> !line.startsWith("WARNING: Use of the three-letter time zone ID"))
                .collect(Collectors.joining("\n"));
    }
}
