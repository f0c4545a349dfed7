package io.streamlocks.proof.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that the harness starts, and may kill, stop and start again. Thread-safe. */
public final class Child implements AutoCloseable {

    private final String name;
    private final Path log;
    private final List<String> command;
    private final Map<String, String> environment;

    // Guarded by this.
    private Process process;
    private boolean expectedAlive;
    private boolean closed;

    /**
     * It is not started by this.
     *
     * @param name for messages
     * @param environment what it has beside that of this process
     * @param log what it writes to stdout and stderr is appended there
     */
    public Child(String name, List<String> command, Map<String, String> environment, Path log) {
        this.name = name;
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
        this.log = log;
    }

    /** For messages. */
    public String name() {
        return name;
    }

    /** Where what it writes goes. */
    public Path log() {
        return log;
    }

    /**
     * Starts it, for the first time or after it has ended.
     *
     * @throws IOException if there is no such program
     */
    public synchronized void start() throws IOException {
        if (closed) {
            throw new IllegalStateException("The run is ending");
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        process = builder.start();
        expectedAlive = true;
    }

    /** SIGKILL, with all its children; returns when they are gone. */
    public void kill() throws InterruptedException {
        Process killed;
        synchronized (this) {
            expectedAlive = false;
            killed = process;
        }
        List<ProcessHandle> all = killed.descendants().toList();
        killed.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        killed.waitFor();
        while (all.stream().anyMatch(ProcessHandle::isAlive)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** SIGTERM, and SIGKILL if it takes longer than that. Returns whether it ended by itself, and in good order. */
    public boolean terminate(int atMostSeconds) throws InterruptedException {
        Process ending;
        synchronized (this) {
            if (process == null || !process.isAlive()) {
                return false;
            }
            expectedAlive = false;
            ending = process;
        }
        ending.destroy();
        if (!ending.waitFor(atMostSeconds, TimeUnit.SECONDS)) {
            kill();
            return false;
        }
        // A JVM that a signal ends says so by 128 + the signal's number.
        return ending.exitValue() == 0 || ending.exitValue() == 128 + 15;
    }

    /** SIGSTOP: it stands still until {@link #resume}. */
    public void stop() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        long pid;
        synchronized (this) {
            pid = process.pid();
        }
        new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Whether it runs. */
    public synchronized boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Whether it has ended though nobody ended it; told once. */
    public synchronized boolean hasDied() {
        boolean died = expectedAlive && !process.isAlive();
        expectedAlive &= !died;
        return died;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (process != null) {
            expectedAlive = false;
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
