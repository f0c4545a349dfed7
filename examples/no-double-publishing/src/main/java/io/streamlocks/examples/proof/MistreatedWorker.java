package io.streamlocks.examples.proof;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A worker process with its own way to the coordinator, and what is done to it. Thread-safe. */
final class MistreatedWorker implements AutoCloseable {

    private final List<String> command;
    private final Map<String, String> environment;
    private final Path log;
    private final TcpProxy proxy;
    private final Duration ttl;
    private final Random random;

    // Guarded by this.
    private Process process;
    private boolean endedByItself;
    private int kills;
    private int suspensions;
    private int cuts;

    MistreatedWorker(
            List<String> command, Map<String, String> environment, Path log, TcpProxy proxy, Duration ttl, long seed) {
        this.command = command;
        this.environment = environment;
        this.log = log;
        this.proxy = proxy;
        this.ttl = ttl;
        this.random = new Random(seed);
    }

    synchronized void start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        builder.environment().put("COORDINATOR_URL", "http://127.0.0.1:" + proxy.port());
        process = builder.start();
    }

    /** Lets it work, and does something to it, in turns; until interrupted, and then leaves it working. */
    void mistreat() throws IOException {
        try {
            while (true) {
                sleepTtls(1, 3);
                switch (random.nextInt(4)) {
                    case 0 -> kill();
                    case 1 -> suspend();
                    case 2 -> cut(TcpProxy.State.SILENT);
                    default -> cut(TcpProxy.State.BROKEN);
                }
            }
        } catch (InterruptedException e) {
            // Told to stop; all is healed by now.
        }
    }

    private void kill() throws IOException, InterruptedException {
        synchronized (this) {
            kills++;
            endedByItself |= !process.isAlive();
            process.destroyForcibly();
        }
        try {
            sleepTtls(0.1, 1);
        } finally {
            start();
        }
    }

    private void suspend() throws IOException, InterruptedException {
        synchronized (this) {
            suspensions++;
            signal("STOP");
        }
        try {
            sleepTtls(1.2, 2.5);
        } finally {
            synchronized (this) {
                if (process.isAlive()) {
                    signal("CONT");
                }
            }
        }
    }

    private void cut(TcpProxy.State how) throws InterruptedException {
        synchronized (this) {
            cuts++;
        }
        proxy.set(how);
        try {
            // Sometimes it is over before a lease is, and then nothing may be lost by it.
            sleepTtls(0.2, 2);
        } finally {
            proxy.set(TcpProxy.State.OPEN);
        }
    }

    /** Returns when it is sent, even if interrupted: a STOP that came after its CONT would last. */
    private void signal(String name) throws IOException {
        Process sending = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start();
        boolean interrupted = false;
        while (sending.isAlive()) {
            try {
                sending.waitFor();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void sleepTtls(double from, double to) throws InterruptedException {
        double ttls = from + random.nextDouble() * (to - from);
        TimeUnit.MILLISECONDS.sleep((long) (ttls * ttl.toMillis()));
    }

    synchronized boolean hasEndedByItself() {
        return endedByItself || !process.isAlive();
    }

    /** Tells it to stop (SIGTERM). Returns whether it did, in good order. */
    boolean stop() throws InterruptedException {
        Process stopping;
        synchronized (this) {
            stopping = process;
            stopping.destroy();
        }
        // A JVM that a signal ends says so by 128 + the signal's number.
        return stopping.waitFor(30, TimeUnit.SECONDS)
                && (stopping.exitValue() == 0 || stopping.exitValue() == 128 + 15);
    }

    synchronized int kills() {
        return kills;
    }

    synchronized int suspensions() {
        return suspensions;
    }

    synchronized int cuts() {
        return cuts;
    }

    @Override
    public synchronized void close() {
        if (process != null) {
            process.destroyForcibly();
        }
    }
}
