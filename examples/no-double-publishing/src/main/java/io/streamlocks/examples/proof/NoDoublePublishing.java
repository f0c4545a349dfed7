package io.streamlocks.examples.proof;

import io.streamlocks.examples.api.StreamApi;
import io.streamlocks.examples.api.StreamLog;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lets workers process streams under leases of a real coordinator, kills, suspends and cuts them off meanwhile, and
 * checks what the sink has got in the end: every event, none twice, none from a holder that was superseded. With the
 * sink's fence off it is the control, and such publishes have to be seen.
 */
public final class NoDoublePublishing {

    private static final Pattern READY = Pattern.compile("is ready at http://[^ ]*:(\\d+)");
    private static final int WORKERS = 4;
    private static final Duration START = Duration.ofSeconds(60);

    private final Settings settings;
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private final List<String> failures = new ArrayList<>();

    private record Settings(
            Path root,
            Path logs,
            int streams,
            int events,
            Duration span,
            Duration ttl,
            boolean fenced,
            boolean typescript,
            String databaseUrl,
            long seed) {

        static Settings from(Map<String, String> environment) {
            return new Settings(
                    Path.of(environment.getOrDefault("ROOT", ".")),
                    Path.of(environment.getOrDefault("LOGS", "examples/no-double-publishing/target/logs")),
                    number(environment, "STREAMS", 500),
                    number(environment, "EVENTS", 20_000),
                    Duration.ofSeconds(number(environment, "RUN_SECONDS", 180)),
                    Duration.ofMillis(number(environment, "TTL_MS", 3000)),
                    !environment.getOrDefault("FENCE", "on").equals("off"),
                    !environment.getOrDefault("TYPESCRIPT", "on").equals("off"),
                    environment.getOrDefault("DATABASE_URL", ""),
                    number(environment, "SEED", new Random().nextInt(1_000_000)));
        }

        private static int number(Map<String, String> environment, String name, int fallback) {
            String value = environment.getOrDefault(name, "");
            return value.isEmpty() ? fallback : Integer.parseInt(value);
        }
    }

    private NoDoublePublishing(Settings settings) {
        this.settings = settings;
    }

    /**
     * Runs once. The settings are in the environment, as README.md tells; exits with 0 if all checks hold.
     *
     * @param args none are taken
     */
    public static void main(String[] args) {
        // The JDBC driver sends the zone at each login, and PostgreSQL does not know all that Java knows.
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
        NoDoublePublishing run = new NoDoublePublishing(Settings.from(System.getenv()));
        // Processes would outlive this one when it is told to stop.
        Runtime.getRuntime().addShutdownHook(new Thread(run::closeAll));
        try {
            run.run();
        } catch (Exception e) {
            e.printStackTrace();
            run.failures.add("the run itself: " + e);
        }
        run.failures.forEach(failure -> System.out.println("FAILED: " + failure));
        System.exit(run.failures.isEmpty() ? 0 : 1);
    }

    private void run() throws Exception {
        Files.createDirectories(settings.logs());
        int coordinatorPort = startCoordinator();
        StreamApi api =
                closeLater(new StreamApi(0, settings.streams(), settings.events(), settings.span(), settings.fenced()));
        System.out.printf(
                Locale.ROOT,
                "The fence is %s. %d streams, %d events in %d s, ttl %d ms, seed %d, logs in %s%n",
                settings.fenced() ? "on" : "off",
                settings.streams(),
                settings.events(),
                settings.span().toSeconds(),
                settings.ttl().toMillis(),
                settings.seed(),
                settings.logs());
        long start = System.nanoTime();
        List<MistreatedWorker> workers = startWorkers(coordinatorPort, api.port());

        List<Thread> mistreating = workers.stream()
                .map(worker -> thread("mistreat", worker::mistreat))
                .toList();
        // Long enough for all, however slow the machine, and never without an end.
        Duration most = settings.span().multipliedBy(2).plusSeconds(60);
        long nextLine = 10;
        boolean healing = false;
        while (api.accepted() < settings.events() || passed(start).compareTo(settings.span()) < 0) {
            TimeUnit.MILLISECONDS.sleep(200);
            if (passed(start).toSeconds() >= nextLine) {
                System.out.printf(Locale.ROOT, "%4d s: %d events accepted%n", nextLine, api.accepted());
                nextLine += 10;
            }
            if (!healing && passed(start).compareTo(settings.span()) > 0) {
                healing = true;
                mistreating.forEach(Thread::interrupt);
            }
            if (passed(start).compareTo(most) > 0) {
                break;
            }
        }
        long seconds = passed(start).toSeconds();
        for (Thread thread : mistreating) {
            if (!healing) {
                thread.interrupt();
            }
            thread.join();
        }
        // So that what the killed ones held has run out, and what is left then is what a stopped worker did not
        // release.
        Thread.sleep(settings.ttl().toMillis());
        check(workers.stream().noneMatch(MistreatedWorker::hasEndedByItself), "a worker has ended by itself");
        for (MistreatedWorker worker : workers) {
            check(worker.stop(), "a worker did not stop in good order");
        }
        String locks = get("http://127.0.0.1:" + coordinatorPort + "/v1/locks?prefix=s-");
        check(locks.contains("\"locks\":[]"), "stopped workers left locks: " + locks);
        report(api, workers, seconds);
    }

    private void report(StreamApi api, List<MistreatedWorker> workers, long seconds) {
        long opened = 0;
        long published = 0;
        long again = 0;
        long stale = 0;
        long fallen = 0;
        for (StreamLog stream : api.streams().values()) {
            Set<Long> numbers = new HashSet<>();
            long highest = 0;
            for (StreamLog.Entry entry : stream.entries()) {
                boolean isStale = entry.fencingToken() < highest;
                highest = Math.max(highest, entry.fencingToken());
                fallen += isStale ? 1 : 0;
                if (entry.number() == 0) {
                    opened++;
                    continue;
                }
                published++;
                stale += isStale ? 1 : 0;
                again += numbers.add(entry.number()) ? 0 : 1;
            }
        }
        long refused =
                api.streams().values().stream().mapToLong(StreamLog::refused).sum();
        System.out.printf(
                Locale.ROOT,
                "After %d s: killed %d times, suspended %d times, cut off %d times; streams opened %d times%n",
                seconds,
                workers.stream().mapToInt(MistreatedWorker::kills).sum(),
                workers.stream().mapToInt(MistreatedWorker::suspensions).sum(),
                workers.stream().mapToInt(MistreatedWorker::cuts).sum(),
                opened);
        System.out.printf(
                Locale.ROOT,
                "Accepted %d of %d events in %d publishes; %d accepted again, %d accepted from a stale holder; "
                        + "%d requests with a stale token refused%n",
                api.accepted(),
                settings.events(),
                published,
                again,
                stale,
                refused);
        check(api.accepted() == settings.events(), "not every event was accepted");
        if (settings.fenced()) {
            check(again == 0, "events were accepted twice");
            check(stale == 0, "events were accepted from a stale holder");
            check(fallen == 0, "the token of a stream has fallen");
        } else {
            check(stale > 0, "no stale publish was seen, so this run shows nothing");
        }
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            failures.add(otherwise);
        }
    }

    private int startCoordinator() throws IOException, InterruptedException {
        String url = settings.databaseUrl();
        if (url.isEmpty()) {
            EmbeddedPostgres postgres = closeLater(EmbeddedPostgres.start());
            url = "postgres://postgres@127.0.0.1:" + postgres.getPort() + "/postgres";
        }
        Path out = settings.logs().resolve("coordinator.out");
        Path jar = settings.root().resolve("coordinator-server/target/coordinator.jar");
        ProcessBuilder builder = new ProcessBuilder(java(), "-Xmx256m", "-jar", jar.toString())
                .redirectOutput(out.toFile())
                .redirectError(settings.logs().resolve("coordinator.err").toFile());
        builder.environment().putAll(Map.of("HTTP_PORT", "0", "LOCK_BACKEND", "postgres", "DATABASE_URL", url));
        Process process = builder.start();
        closeLater((AutoCloseable) process::destroyForcibly);
        long start = System.nanoTime();
        while (process.isAlive() && passed(start).compareTo(START) < 0) {
            Matcher ready = READY.matcher(Files.readString(out));
            if (ready.find()) {
                return Integer.parseInt(ready.group(1));
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new IllegalStateException("The coordinator did not start; see " + out);
    }

    private List<MistreatedWorker> startWorkers(int coordinatorPort, int apiPort) throws IOException {
        Path examples = settings.root().resolve("examples");
        List<String> java = List.of(
                java(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                examples.resolve("worker-java/target/worker.jar").toString());
        List<String> node = List.of(
                "node",
                examples.resolve("worker-typescript/target/js/src/worker.js").toString());
        Map<String, String> environment = new HashMap<>(Map.of(
                "STREAM_API_URL",
                "http://127.0.0.1:" + apiPort,
                "TTL_MS",
                Long.toString(settings.ttl().toMillis()),
                "MAX_SESSIONS",
                // So that two of the four can carry all, with some that are idle.
                Integer.toString(settings.streams() * 3 / 4),
                // Some sessions are idle long enough to give up their stream between two bursts, some are not.
                "IDLE_MS",
                Long.toString(settings.ttl().toMillis() * 2),
                // More often in the control, in which it has to come to a stale publish.
                "SUSPEND_EVERY",
                Long.toString(Math.max(10, eventsInTtls(settings.fenced() ? 5 : 2) / WORKERS)),
                "SUSPEND_MS",
                Long.toString(settings.ttl().toMillis() * 5 / 2)));
        List<MistreatedWorker> workers = new ArrayList<>();
        Random seeds = new Random(settings.seed());
        for (int i = 0; i < WORKERS; i++) {
            List<String> command = i % 2 == 1 && settings.typescript() ? node : java;
            MistreatedWorker worker = closeLater(new MistreatedWorker(
                    command,
                    environment,
                    settings.logs().resolve("worker-" + (i + 1) + ".log"),
                    closeLater(new TcpProxy(coordinatorPort)),
                    settings.ttl(),
                    seeds.nextLong()));
            worker.start();
            workers.add(worker);
        }
        return workers;
    }

    private long eventsInTtls(long ttls) {
        return settings.events()
                * ttls
                * settings.ttl().toMillis()
                / settings.span().toMillis();
    }

    private interface Task {
        void run() throws IOException;
    }

    private static Thread thread(String name, Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static String get(String uri) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(uri))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static String java() {
        return System.getProperty("java.home") + File.separator + "bin" + File.separator + "java";
    }

    private static Duration passed(long startNanos) {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    private <T extends AutoCloseable> T closeLater(T closeable) {
        synchronized (toClose) {
            toClose.push(closeable);
        }
        return closeable;
    }

    private void closeAll() {
        synchronized (toClose) {
            while (!toClose.isEmpty()) {
                try {
                    toClose.pop().close();
                } catch (Exception e) {
                    System.err.println("Could not clean up: " + e);
                }
            }
        }
    }
}
