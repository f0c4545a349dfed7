package io.streamlocks.proof.leaks;

import io.streamlocks.proof.abuse.Nginx;
import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.proof.settings.DrillSettings;
import io.streamlocks.testkit.rig.Machine;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Rounds of callers that wait and behave badly, directly and through nginx. Between the rounds and at the end, the
 * coordinator must keep nothing of them: no place, no thread, no connection and no memory.
 */
public final class LeakDrill {

    private static final int STREAMS = 20;
    private static final int CLIENTS_OF_A_MANNER = 20;

    /** The first rounds start the pools and compile the code. */
    private static final int WARM_UPS = 2;

    private static final String ALIVE = "SELECT count(*) FROM stream_lock_waiters"
            + " WHERE calling_until > clock_timestamp() - interval '5 seconds'";
    private static final String ALL = "SELECT count(*) FROM stream_lock_waiters";

    private final HttpClient http = HttpClient.newHttpClient();
    private final PostgresServer postgres;
    private final CoordinatorNode coordinator;
    private final List<Integer> ports;

    private LeakDrill(PostgresServer postgres, CoordinatorNode coordinator, List<Integer> ports) {
        this.postgres = postgres;
        this.coordinator = coordinator;
        this.ports = ports;
    }

    /**
     * Runs the drill. Blocks for its length and about a minute more.
     *
     * @param args the settings
     * @return whether nothing leaks
     */
    public static boolean run(List<String> args) throws IOException, InterruptedException, SQLException {
        DrillSettings settings = DrillSettings.of("leaks", args);
        Files.createDirectories(settings.output());
        try (PostgresServer postgres = PostgresServer.builder()
                        .log(settings.output().resolve("postgres.log"))
                        .start();
                CoordinatorNode coordinator = new CoordinatorNode(
                        "coordinator",
                        List.of(Machine.java(), "-Xmx256m"),
                        settings.coordinatorJar(),
                        Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", postgres.url("postgres")),
                        settings.output())) {
            coordinator.process().start();
            coordinator.awaitReady();
            if (Nginx.program().isEmpty()) {
                System.out.println("SKIPPED: clients through nginx, because nginx is not installed");
                return new LeakDrill(postgres, coordinator, List.of(coordinator.port())).leaksNothing(settings);
            }
            try (Nginx nginx = Nginx.start(
                    Nginx.program().get(),
                    settings.root().resolve("docker-compose.yml"),
                    coordinator.port(),
                    settings.output())) {
                return new LeakDrill(postgres, coordinator, List.of(coordinator.port(), nginx.port()))
                        .leaksNothing(settings);
            }
        }
    }

    private boolean leaksNothing(DrillSettings settings) throws IOException, InterruptedException, SQLException {
        long end = System.nanoTime() + settings.seconds().toNanos();
        Optional<Footprint> before = Optional.empty();
        List<String> leaks = new ArrayList<>();
        for (int round = 1; leaks.isEmpty() && (round <= WARM_UPS + 1 || System.nanoTime() - end < 0); round++) {
            waitAndMisbehave(round);
            leaks.addAll(placesLeft());
            Footprint now = Footprint.of(coordinator.process().pid());
            System.out.println("round " + round + ": " + now);
            if (round == WARM_UPS) {
                before = Optional.of(now);
            }
            before.map(now::growthSince).ifPresent(leaks::addAll);
        }
        if (!coordinator.process().isAlive()) {
            leaks.add("the coordinator ended by itself");
        }
        leaks.forEach(leak -> System.out.println("LEAK: " + leak));
        return leaks.isEmpty();
    }

    /** Half of the streams are held, so that the calls wait in vain. The others go from one caller to the next. */
    private void waitAndMisbehave(int round) throws IOException, InterruptedException {
        for (int i = 0; i < STREAMS; i++) {
            acquire(i, UUID.randomUUID(), i % 2 == 0 ? BadClient.WAIT_MS * 2 : 1000);
        }
        List<Thread> clients = new ArrayList<>();
        for (int port : ports) {
            for (BadClient.Manner manner : BadClient.Manner.values()) {
                IntStream.range(0, CLIENTS_OF_A_MANNER)
                        .mapToObj(i -> new Thread(
                                new BadClient(port, stream((i + round) % STREAMS), manner), manner + "-" + i))
                        .forEach(clients::add);
            }
        }
        clients.forEach(Thread::start);
        for (Thread client : clients) {
            client.join();
        }
    }

    /** Waits until all places are dead, and then lets the coordinator delete them. Returns what is left. */
    private List<String> placesLeft() throws IOException, InterruptedException, SQLException {
        // A place dies 5 s after its call, at the latest a second after the time for which the call waits.
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BadClient.WAIT_MS + 15_000);
        while (!"0".equals(postgres.query(ALIVE))) {
            if (System.nanoTime() - end > 0) {
                return List.of(postgres.query(ALIVE) + " places are alive although all clients have gone");
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
        for (int i = 0; i < STREAMS; i++) {
            UUID lease = UUID.randomUUID();
            while (acquire(i, lease, 1000) != 200) {
                if (System.nanoTime() - end > 0) {
                    return List.of("stream " + stream(i) + " is held although all clients have gone");
                }
                TimeUnit.MILLISECONDS.sleep(200);
            }
            // A release hands over, and deletes the dead places.
            call(i, "release", String.format(Locale.ROOT, "{\"leaseId\":\"%s\"}", lease));
        }
        String left = postgres.query(ALL);
        return "0".equals(left) ? List.of() : List.of(left + " dead places are left in the table");
    }

    private static String stream(int number) {
        return "leaks-" + number;
    }

    private int acquire(int stream, UUID lease, int ttlMs) throws IOException, InterruptedException {
        return call(
                stream,
                "acquire",
                String.format(Locale.ROOT, "{\"ownerId\":\"holder\",\"leaseId\":\"%s\",\"ttlMs\":%d}", lease, ttlMs));
    }

    /** Returns the status of the response. */
    private int call(int stream, String verb, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + coordinator.port() + "/v1/locks/" + stream(stream) + "/" + verb))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
