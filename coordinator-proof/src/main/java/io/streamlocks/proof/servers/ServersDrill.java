package io.streamlocks.proof.servers;

import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.proof.settings.DrillSettings;
import io.streamlocks.testkit.rig.Machine;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Java clients that know two servers, of which one at a time is killed, drained, suspended or restarted. No lease may
 * be lost, no acquire may fail, and afterwards both servers must have the same part of the calls as before.
 */
public final class ServersDrill {

    private static final Duration PERIOD = Duration.ofSeconds(5);
    private static final Duration SUSPENSION = Duration.ofSeconds(4);
    private static final Duration STOP = Duration.ofSeconds(30);

    /** The time in which clients return to the server that they prefer. */
    private static final Duration RETURN = Duration.ofMinutes(1);

    private static final Duration COUNTING = Duration.ofSeconds(10);

    /** How far the part of a server may differ from its part before the faults. */
    private static final double TOLERANCE = 0.05;

    private static final int SHOWN = 20;

    private final List<CoordinatorNode> servers;
    private final Clients clients;

    private ServersDrill(List<CoordinatorNode> servers, Clients clients) {
        this.servers = servers;
        this.clients = clients;
    }

    /**
     * Runs the drill. Blocks for its length and about two minutes more.
     *
     * @param args the settings
     * @return whether the clients have noticed nothing
     */
    public static boolean run(List<String> args) throws IOException, InterruptedException {
        DrillSettings settings = DrillSettings.of("servers", args);
        Files.createDirectories(settings.output());
        try (PostgresServer postgres = PostgresServer.builder()
                        .log(settings.output().resolve("postgres.log"))
                        .start();
                CoordinatorNode one = server("one", postgres, settings);
                CoordinatorNode two = server("two", postgres, settings)) {
            List<CoordinatorNode> servers = List.of(one, two);
            for (CoordinatorNode server : servers) {
                server.process().start();
            }
            for (CoordinatorNode server : servers) {
                server.awaitReady();
            }
            List<URI> uris = servers.stream()
                    .map(server -> URI.create("http://127.0.0.1:" + server.port()))
                    .toList();
            try (Clients clients = new Clients(uris)) {
                return new ServersDrill(servers, clients).isUnnoticed(settings);
            }
        }
    }

    private static CoordinatorNode server(String name, PostgresServer postgres, DrillSettings settings)
            throws IOException {
        return new CoordinatorNode(
                name,
                List.of(Machine.java(), "-Xmx256m"),
                settings.coordinatorJar(),
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", postgres.url("postgres")),
                settings.output());
    }

    private boolean isUnnoticed(DrillSettings settings) throws IOException, InterruptedException {
        clients.start();
        double before = partOfFirst();
        System.out.printf(Locale.ROOT, "server one has %.0f %% of the acquires%n", before * 100);
        disturb(settings.seconds());
        TimeUnit.NANOSECONDS.sleep(RETURN.minus(COUNTING).toNanos());
        double after = partOfFirst();
        System.out.printf(Locale.ROOT, "%s; server one has %.0f %% of them again%n", clients.figures(), after * 100);
        List<String> violations = new ArrayList<>(clients.violations());
        // It is not a number if there were no acquires.
        if (!(Math.abs(after - before) <= TOLERANCE)) {
            violations.add(String.format(Locale.ROOT, "The part of server one was %.2f and is %.2f", before, after));
        }
        violations.stream().limit(SHOWN).forEach(violation -> System.out.println("VIOLATION: " + violation));
        return violations.isEmpty();
    }

    /** Begins a fault every five seconds, and the next one only when both servers work again. */
    private void disturb(Duration length) throws IOException, InterruptedException {
        long end = System.nanoTime() + length.toNanos();
        for (int i = 0; System.nanoTime() - end < 0; i++) {
            long began = System.nanoTime();
            CoordinatorNode server = servers.get(i % servers.size());
            String fault = disturb(server, i / servers.size());
            server.awaitReady();
            System.out.printf(
                    Locale.ROOT,
                    "%s %s, ready after %d ms; %s%n",
                    server.process().name(),
                    fault,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began),
                    clients.figures());
            TimeUnit.NANOSECONDS.sleep(Math.max(0, PERIOD.toNanos() - (System.nanoTime() - began)));
        }
    }

    /** Has a server fail and work again. Returns what happened to it. */
    private static String disturb(CoordinatorNode server, int turn) throws IOException, InterruptedException {
        switch (turn % 3) {
            case 0 -> {
                server.process().kill();
                server.process().start();
                return "was killed and started";
            }
            case 1 -> {
                if (!server.process().terminate(STOP)) {
                    throw new IOException(server.process().name() + " did not stop; see "
                            + server.process().log());
                }
                server.process().start();
                return "was drained and started";
            }
            default -> {
                server.process().pause();
                TimeUnit.NANOSECONDS.sleep(SUSPENSION.toNanos());
                server.process().resume();
                return "was suspended";
            }
        }
    }

    /** Counts for some seconds, and returns which part of the acquires the first server received. */
    private double partOfFirst() throws IOException, InterruptedException {
        List<Double> before = List.of(acquires(servers.get(0)), acquires(servers.get(1)));
        TimeUnit.NANOSECONDS.sleep(COUNTING.toNanos());
        double first = acquires(servers.get(0)) - before.get(0);
        double second = acquires(servers.get(1)) - before.get(1);
        return first / (first + second);
    }

    private static double acquires(CoordinatorNode server) throws IOException, InterruptedException {
        String prefix = "streamlocks_acquires_total{";
        try (Stream<String> lines = server.get("/metrics").lines()) {
            return lines.filter(line -> line.startsWith(prefix))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }
    }
}
