package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** The server processes that the benchmark has started. They end with it. This class is thread-safe. */
final class Processes implements AutoCloseable {

    /** The time that a server may take to start. */
    static final Duration START = Duration.ofSeconds(60);

    private static final Duration STOP = Duration.ofSeconds(8);

    private final Deque<ChildProcess> running = new ArrayDeque<>();
    private boolean closed;

    /** Starts a process whose output replaces a file. */
    synchronized ChildProcess start(List<String> command, Map<String, String> environment, Path log)
            throws IOException {
        if (closed) {
            throw new IllegalStateException("The benchmark is ending");
        }
        Files.deleteIfExists(log);
        ChildProcess process =
                ChildProcess.command(command).environment(environment).log(log).start();
        running.push(process);
        return process;
    }

    /** Ends a process. Blocks for up to 8 s. */
    synchronized void stop(ChildProcess process) {
        running.remove(process);
        try {
            process.terminate(STOP);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.close();
    }

    @Override
    public synchronized void close() {
        closed = true;
        running.forEach(ChildProcess::terminate);
        while (!running.isEmpty()) {
            stop(running.peek());
        }
    }
}
