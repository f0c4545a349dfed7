package io.streamlocks.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The server processes that the benchmark has started. They end with it. Thread-safe. */
final class Processes implements AutoCloseable {

    static final Duration START = Duration.ofSeconds(60);

    private final Deque<Process> running = new ArrayDeque<>();
    private boolean closed;

    /** Starts a process whose output goes to a file. */
    synchronized Process start(List<String> command, Map<String, String> environment, Path log) throws IOException {
        if (closed) {
            throw new IllegalStateException("The benchmark is ending");
        }
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        running.push(process);
        return process;
    }

    /** Waits until something listens on a port of this machine. */
    static void awaitPort(Process process, int port, Path log) throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                return;
            } catch (IOException notYet) {
                requireStarting(process, began, log);
            }
        }
    }

    /** Waits a little for a process that starts. */
    static void requireStarting(Process process, long beganNanos, Path log) throws IOException, InterruptedException {
        if (!process.isAlive() || System.nanoTime() - beganNanos > START.toNanos()) {
            throw new IOException("A server did not start; it wrote: " + Files.readString(log));
        }
        TimeUnit.MILLISECONDS.sleep(50);
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The path of a program, if it is installed. */
    static Optional<Path> find(String program) {
        // Debian has servers in directories that are not on the path of everybody.
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/bin:/usr/sbin:/usr/local/bin";
        return List.of(path.split(":")).stream()
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The program that runs this JVM. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    synchronized void stop(Process process) {
        running.remove(process);
        process.destroy();
        try {
            if (process.waitFor(8, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    @Override
    public synchronized void close() {
        closed = true;
        running.forEach(Process::destroy);
        while (!running.isEmpty()) {
            stop(running.peek());
        }
    }
}
