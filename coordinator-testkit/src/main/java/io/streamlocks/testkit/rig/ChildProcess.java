package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process that a test starts and may terminate, kill, pause and start again. The output of the process goes to files,
 * so it never waits for a reader. Signals reach its children as well. They need the command {@code kill}, so a POSIX
 * system.
 *
 * <p>This class is thread-safe.
 */
public final class ChildProcess implements AutoCloseable {

    private static final long POLL_MS = 20;

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final boolean inheritsEnvironment;
    private final OutputFile out;
    private final OutputFile err;
    private final boolean ownsFiles;
    private final boolean isOneFile;

    // All of these are guarded by this.
    private @Nullable Process process;
    private boolean expectedAlive;
    private boolean closed;

    ChildProcess(ChildProcessBuilder builder) throws IOException {
        name = builder.name;
        command = List.copyOf(builder.command);
        environment = Map.copyOf(builder.environment);
        inheritsEnvironment = builder.inheritsEnvironment;
        Path stdout = builder.out;
        Path stderr = builder.err;
        ownsFiles = stdout == null || stderr == null;
        out = new OutputFile(stdout == null ? Files.createTempFile("child", ".out") : stdout);
        err = new OutputFile(stderr == null ? Files.createTempFile("child", ".err") : stderr);
        isOneFile = out.path().equals(err.path());
    }

    /** Returns a builder of a process that runs this command. */
    public static ChildProcessBuilder command(String... command) {
        return command(List.of(command));
    }

    /** Returns a builder of a process that runs this command. */
    public static ChildProcessBuilder command(List<String> command) {
        return new ChildProcessBuilder(command);
    }

    /** Returns the name in messages. */
    public String name() {
        return name;
    }

    /** Returns the file that receives what the process writes to stdout. */
    public Path log() {
        return out.path();
    }

    /**
     * Starts the process, for the first time or after it has ended.
     *
     * @throws IOException if there is no such program
     * @throws IllegalStateException after {@link #close}
     */
    public synchronized void start() throws IOException {
        if (closed) {
            throw new IllegalStateException(name + " was closed and cannot be started");
        }
        out.begin();
        err.begin();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out.path().toFile()));
        if (isOneFile) {
            builder.redirectErrorStream(true);
        } else {
            builder.redirectError(ProcessBuilder.Redirect.appendTo(err.path().toFile()));
        }
        if (!inheritsEnvironment) {
            builder.environment().clear();
        }
        builder.environment().putAll(environment);
        process = builder.start();
        expectedAlive = true;
    }

    private synchronized Process started() {
        if (process == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return process;
    }

    /** Returns the id of the process. */
    public long pid() {
        return started().pid();
    }

    /** Returns what the process has written to stdout since its last start. */
    public String output() {
        return out.text();
    }

    /** Returns what the process has written to stderr since its last start. */
    public String errors() {
        return err.text();
    }

    /**
     * Waits until the output contains the pattern, and returns the match.
     *
     * @throws IOException if the process ends before, or after that time; the message contains what the process has
     *     written
     */
    public Matcher awaitOutput(Pattern pattern, Duration atMost) throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (true) {
            // This comes before the output is read, so that the last words of a process are not missed.
            boolean alive = isAlive();
            Matcher matcher = pattern.matcher(output());
            if (matcher.find()) {
                return matcher;
            }
            pollAgain(alive, began, atMost);
        }
    }

    /**
     * Waits until something listens on a port of the loopback interface.
     *
     * @throws IOException if the process ends before, or after that time; the message contains what the process has
     *     written
     */
    public void awaitPort(int port, Duration atMost) throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                return;
            } catch (IOException notYet) {
                pollAgain(isAlive(), began, atMost);
            }
        }
    }

    private void pollAgain(boolean alive, long beganNanos, Duration atMost) throws IOException, InterruptedException {
        if (!alive || System.nanoTime() - beganNanos > atMost.toNanos()) {
            throw new IOException(name + (alive ? " is not ready after " + atMost : " has ended") + written());
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }

    private String written() {
        return "; it wrote: " + output() + (isOneFile ? "" : errors());
    }

    /** Returns whether the process runs. A paused process runs. */
    public synchronized boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Returns whether the process has ended without a call that ends it. This method reports each such end once. */
    public synchronized boolean hasDied() {
        boolean died = expectedAlive && !isAlive();
        expectedAlive &= !died;
        return died;
    }

    /** Sends SIGTERM, and does not wait. */
    public void terminate() {
        synchronized (this) {
            expectedAlive = false;
        }
        started().destroy();
    }

    /**
     * Sends SIGTERM, waits, and sends SIGKILL when the time is over.
     *
     * @return whether the process ended in time and in order: with status 0 or by the signal. False if it did not run.
     */
    public boolean terminate(Duration atMost) throws InterruptedException {
        if (!isAlive()) {
            return false;
        }
        terminate();
        Process ending = started();
        if (!ending.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            kill();
            return false;
        }
        // A JVM that a signal ends exits with 128 and the signal's number.
        return ending.exitValue() == 0 || ending.exitValue() == 128 + 15;
    }

    /**
     * Waits for the end of the process, and returns its exit code.
     *
     * @throws IOException if the process still runs after that time; the message contains what the process has written
     */
    public int exitCode(Duration atMost) throws IOException, InterruptedException {
        if (!started().waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException(name + " has not ended within " + atMost + written());
        }
        return started().exitValue();
    }

    /** Sends SIGKILL to the process and its children, and returns when they are gone. */
    public void kill() throws InterruptedException {
        synchronized (this) {
            expectedAlive = false;
        }
        Process killed = started();
        List<ProcessHandle> children = killed.descendants().toList();
        killed.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        killed.waitFor();
        while (children.stream().anyMatch(ProcessHandle::isAlive)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Stops the process and its children (SIGSTOP): connections stay, new ones are made, and nothing answers. */
    public void pause() throws IOException {
        Signals.sendToAll("STOP", started().toHandle());
    }

    /** Ends {@link #pause} (SIGCONT). */
    public void resume() throws IOException {
        Signals.sendToAll("CONT", started().toHandle());
    }

    /** Sends a signal, such as INT, to the process and not to its children. */
    public void signal(String signal) throws IOException {
        Signals.send(signal, Set.of(pid()));
    }

    /** Kills the process and its children without waiting. It cannot be started again. */
    @Override
    public synchronized void close() {
        closed = true;
        expectedAlive = false;
        if (process != null) {
            Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                    .toList()
                    .forEach(ProcessHandle::destroyForcibly);
        }
        if (ownsFiles) {
            try {
                Files.deleteIfExists(out.path());
                Files.deleteIfExists(err.path());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
