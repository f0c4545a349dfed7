import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Lets workers of one group join, stop, die and hang, and measures how their streams move. run.sh starts it.
 *
 * <p>The number of streams of each worker comes from the list of locks. The moves, and the time without a holder, come
 * from the history, which has every grant.
 */
final class EvenShares {

    private static final double BEATS_UNTIL_EVEN = 3;
    private static final double BEATS_OF_TTL = 3;
    private static final double MOVES_TO_FEWEST = 1.05;
    private static final Duration WITHOUT_HOLDER = Duration.ofMillis(100);

    /** A change that takes so many times its limit has failed, and the next one begins. */
    private static final int PATIENCE = 5;

    private final Options options;
    private final Processes processes;
    private final Coordinator coordinator;
    private final URI streamApi;
    private final List<Worker> workers = new ArrayList<>();
    private final List<Sample> samples = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();
    private final List<String> missed = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        Options options;
        try {
            options = Options.of(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + ". Usage: run.sh [--streams n] [--ttl ms] [--after seconds] [--short]");
            System.exit(2);
            return;
        }
        Processes processes = new Processes(options);
        Runtime.getRuntime().addShutdownHook(new Thread(processes::killAll));
        System.exit(new EvenShares(options, processes).run() ? 0 : 1);
    }

    private EvenShares(Options options, Processes processes) throws IOException, InterruptedException {
        this.options = options;
        this.processes = processes;
        coordinator = new Coordinator(processes.coordinator());
        streamApi = processes.streamApi();
    }

    /** Returns whether all limits were kept. */
    private boolean run() throws IOException, InterruptedException {
        System.out.printf(
                Locale.ROOT,
                "%d streams, ttl %d ms, so a heartbeat is %d ms. Logs: %s%n%n",
                options.streams(),
                options.ttl().toMillis(),
                options.heartbeat().toMillis(),
                processes.logs());
        awaitEvents();
        Instant began = Instant.now();
        System.out.println(Change.HEADER);

        change("1 worker", false, () -> join(1));
        change("2 workers", false, () -> join(1));
        change("4 workers", false, () -> join(2));
        change("1 killed", true, () -> latest().kill());
        if (!options.isShort()) {
            change("1 stopped", false, () -> latest().stop());
            change("10 workers", false, () -> join(10 - members().size()));
            Worker suspended = latest();
            change("1 suspended", true, suspended::suspend);
            change("it continues", false, suspended::resume);
        }

        judgeHandOvers(coordinator.history(began));
        Path chart = processes.target().resolve("shares.svg");
        Files.writeString(chart, Chart.svg(options.streams(), workers, samples, changes));
        System.out.println("The chart is in " + chart + ".");
        missed.forEach(limit -> System.out.println("MISSED: " + limit));
        return missed.isEmpty();
    }

    /** Each stream has an event at all times after the first one. The first change waits for them. */
    private void awaitEvents() throws IOException, InterruptedException {
        JsonNode events;
        do {
            Thread.sleep(200);
            events = Json.get(streamApi.resolve("/events"));
        } while (events.findValuesAsText("streamId").stream().distinct().count() < options.streams());
    }

    private interface Action {
        void run() throws IOException, InterruptedException;
    }

    /** @param isUnannounced whether the streams of a worker stand still for the ttl */
    private void change(String label, boolean isUnannounced, Action action) throws IOException, InterruptedException {
        Map<String, Long> before = sample().held();
        Instant began = Instant.now();
        action.run();
        Instant done = Instant.now();
        double limit = BEATS_UNTIL_EVEN + (isUnannounced ? BEATS_OF_TTL : 0);
        boolean isEven = watch(options.beats(limit * PATIENCE), this::isEven);
        Instant even = Instant.now();
        watch(options.after(), () -> false);

        List<Grant> grants = coordinator.history(began);
        long moved = grants.stream().filter(one -> !one.acquired().isAfter(even)).count();
        Change change = new Change(
                label,
                done,
                isEven ? Optional.of(options.inBeats(Duration.between(done, even))) : Optional.empty(),
                limit,
                moved,
                fewestMoves(before),
                grants.size() - moved);
        changes.add(change);
        System.out.println(change.row());
        missed.addAll(change.missed(!options.isShort()));
    }

    /** Samples until the condition holds, or the time is up. Returns whether it holds. */
    private boolean watch(Duration longest, BooleanSupplier condition) throws IOException, InterruptedException {
        Instant end = Instant.now().plus(longest);
        while (Instant.now().isBefore(end)) {
            sample();
            if (condition.getAsBoolean()) {
                return true;
            }
            Thread.sleep(options.betweenSamples().toMillis());
        }
        return false;
    }

    private Sample sample() throws IOException, InterruptedException {
        Sample sample = new Sample(
                Instant.now(),
                coordinator.holders().values().stream()
                        .collect(Collectors.groupingBy(owner -> owner, Collectors.counting())));
        samples.add(sample);
        return sample;
    }

    /** Returns whether the members hold all streams in the latest sample, and as many each, or one more. */
    private boolean isEven() {
        Map<String, Long> held = samples.get(samples.size() - 1).held();
        List<Worker> members = members();
        long each = options.streams() / members.size();
        return members.stream().map(one -> one.held(held)).allMatch(count -> count == each || count == each + 1)
                && members.stream().mapToLong(one -> one.held(held)).sum() == options.streams();
    }

    /** What remains when the streams are divided stays with those that hold the most. */
    private long fewestMoves(Map<String, Long> before) {
        List<Long> held = members().stream()
                .map(one -> one.held(before))
                .sorted(Comparator.reverseOrder())
                .toList();
        int each = options.streams() / held.size();
        int remainder = options.streams() % held.size();
        return IntStream.range(0, held.size())
                .mapToLong(i -> Math.max(0, each + (i < remainder ? 1 : 0) - held.get(i)))
                .sum();
    }

    /** Starts workers together, and returns when the last one is at work. */
    private void join(int count) throws IOException, InterruptedException {
        List<Worker> joining = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Worker worker = processes.worker(workers.size() + 1, coordinator.url(), streamApi);
            workers.add(worker);
            joining.add(worker);
        }
        if (!watch(Processes.START, () -> joining.stream().allMatch(Worker::isAtWork))) {
            throw new IOException("The workers did not start within " + Processes.START + ". See " + processes.logs());
        }
    }

    private List<Worker> members() {
        return workers.stream().filter(Worker::isMember).toList();
    }

    private Worker latest() {
        List<Worker> members = members();
        return members.get(members.size() - 1);
    }

    /** The streams of a worker that stops are free until the others report, so they are no hand-overs to one of them. */
    private void judgeHandOvers(List<Grant> grants) {
        List<Duration> handedOver = new ArrayList<>();
        List<Duration> left = new ArrayList<>();
        for (List<Grant> ofStream :
                grants.stream().collect(Collectors.groupingBy(Grant::streamId)).values()) {
            Iterator<Grant> inOrder =
                    ofStream.stream().sorted(Comparator.comparing(Grant::acquired)).iterator();
            for (Grant one = inOrder.next(); inOrder.hasNext(); ) {
                Grant next = inOrder.next();
                if (one.endReason().equals("released")) {
                    (isOfStopped(one) ? left : handedOver).add(Duration.between(one.ended(), next.acquired()));
                }
                one = next;
            }
        }
        System.out.println();
        report("streams were handed over", handedOver);
        report("streams were left by a worker that stopped", left);
        if (!options.isShort()
                && !handedOver.isEmpty()
                && Figures.percentile(handedOver, 99).compareTo(WITHOUT_HOLDER) > 0) {
            missed.add("the time without a holder, p99: at most " + WITHOUT_HOLDER.toMillis() + " ms");
        }
    }

    private boolean isOfStopped(Grant grant) {
        return workers.stream()
                .filter(one -> one.end().equals("stopped"))
                .anyMatch(one -> one.ownerId().equals(grant.ownerId()));
    }

    private static void report(String what, List<Duration> times) {
        if (!times.isEmpty()) {
            System.out.printf(
                    Locale.ROOT,
                    "%d %s. Time without a holder: p50 %s, p99 %s, max %s.%n",
                    times.size(),
                    what,
                    Figures.millis(Figures.percentile(times, 50)),
                    Figures.millis(Figures.percentile(times, 99)),
                    Figures.millis(Figures.percentile(times, 100)));
        }
    }

    /**
     * What the command line says.
     *
     * @param root the repository
     * @param after how long nothing may move after a change
     */
    private record Options(Path root, int streams, Duration ttl, Duration after, boolean isShort) {

        static Options of(String[] args) {
            Options options = new Options(Path.of(args[0]), 60, Duration.ofMillis(6000), Duration.ofSeconds(10), false);
            for (int i = 1; i < args.length; i++) {
                if (args[i].equals("--short")) {
                    options = new Options(options.root, options.streams, options.ttl, Duration.ofSeconds(4), true);
                    continue;
                }
                String name = args[i++];
                int value = i < args.length && args[i].matches("[1-9]\\d{0,6}") ? Integer.parseInt(args[i]) : 0;
                if (value == 0) {
                    throw new IllegalArgumentException(name + " is no option, or has no positive number");
                }
                options = switch (name) {
                    case "--streams" -> new Options(
                            options.root, value, options.ttl, options.after, options.isShort);
                    case "--ttl" -> new Options(
                            options.root, options.streams, Duration.ofMillis(value), options.after, options.isShort);
                    case "--after" -> new Options(
                            options.root, options.streams, options.ttl, Duration.ofSeconds(value), options.isShort);
                    default -> throw new IllegalArgumentException(name + " is no option");
                };
            }
            return options;
        }

        Duration heartbeat() {
            return ttl.dividedBy(3);
        }

        Duration beats(double count) {
            return Duration.ofMillis((long) (count * heartbeat().toMillis()));
        }

        double inBeats(Duration time) {
            return (double) time.toMillis() / heartbeat().toMillis();
        }

        Duration betweenSamples() {
            return heartbeat().dividedBy(20);
        }

        /** Each stream has two events per second, as long as one machine can take it. */
        int eventsPerSecond() {
            return Math.min(2 * streams, 300);
        }
    }

    /** Starts the processes, and kills those that are left at the end. */
    private static final class Processes {

        static final Duration START = Duration.ofMinutes(1);
        private static final int RUN_SECONDS = 7200;

        private final Options options;
        private final List<Process> started = new ArrayList<>();
        private boolean isOver;

        Processes(Options options) throws IOException {
            this.options = options;
            Files.createDirectories(logs());
        }

        Path target() {
            return options.root().resolve("examples/even-shares/target");
        }

        Path logs() {
            return target().resolve("logs");
        }

        URI coordinator() throws IOException, InterruptedException {
            Map<String, String> settings = Map.of("HTTP_PORT", "0", "LOCK_BACKEND", "memory");
            return awaitUrl(start("coordinator", "coordinator-server/target/coordinator.jar", 256, settings));
        }

        URI streamApi() throws IOException, InterruptedException {
            int perSecond = options.eventsPerSecond();
            Map<String, String> settings = Map.of(
                    "PORT", "0",
                    "STREAMS", "" + options.streams(),
                    "EVENTS", "" + perSecond * RUN_SECONDS,
                    "RUN_SECONDS", "" + RUN_SECONDS,
                    "PAGE", "" + options.streams(),
                    "BURST", "1",
                    "REPEAT_MS", "" + (options.heartbeat().toMillis() + 3000L * options.streams() / perSecond));
            return awaitUrl(start("stream-api", "examples/stream-api/target/stream-api.jar", 256, settings));
        }

        Worker worker(int number, URI coordinator, URI streamApi) throws IOException {
            Map<String, String> settings = Map.of(
                    "COORDINATOR_URL", coordinator.toString(),
                    "STREAM_API_URL", streamApi.toString(),
                    "GROUP", "orders",
                    "MAX_SESSIONS", "1000000",
                    "TTL_MS", "" + options.ttl().toMillis(),
                    "POLL_MS", "" + options.heartbeat().dividedBy(2).toMillis(),
                    "IDLE_MS", "" + Duration.ofHours(1).toMillis());
            int megabytes = 64 + options.streams() / 20;
            return new Worker(
                    number, start("worker-" + number, "examples/worker-java/target/worker.jar", megabytes, settings));
        }

        /** A signal can come while a process is started, so both hold the monitor. */
        private synchronized Started start(String name, String jar, int megabytes, Map<String, String> settings)
                throws IOException {
            if (isOver) {
                throw new IOException("The run is over");
            }
            Path out = logs().resolve(name + ".out");
            ProcessBuilder builder = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElse("java"),
                            "-Xmx" + megabytes + "m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-jar",
                            options.root().resolve(jar).toString())
                    .redirectOutput(out.toFile())
                    .redirectError(logs().resolve(name + ".err").toFile());
            builder.environment().clear();
            builder.environment().putAll(settings);
            Process process = builder.start();
            started.add(process);
            return new Started(process, out);
        }

        private URI awaitUrl(Started server) throws IOException, InterruptedException {
            Instant end = Instant.now().plus(START);
            while (Instant.now().isBefore(end) && server.process().isAlive()) {
                Optional<String> url = server.find("ready at (http\\S+)");
                if (url.isPresent()) {
                    return URI.create(url.get());
                }
                Thread.sleep(50);
            }
            throw new IOException("A server did not start. See " + logs());
        }

        synchronized void killAll() {
            isOver = true;
            started.forEach(Process::destroyForcibly);
        }
    }

    private record Started(Process process, Path out) {

        /** Returns the group of the pattern, once the process has printed it. */
        Optional<String> find(String pattern) {
            try {
                Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(out));
                return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    /** A worker, and what became of it. */
    private static final class Worker {

        private final int number;
        private final Started started;
        private String ownerId = "";
        private String end = "";

        Worker(int number, Started started) {
            this.number = number;
            this.started = started;
        }

        boolean isAtWork() {
            if (ownerId.isEmpty()) {
                started.find("worker (\\S+) is at work").ifPresent(id -> ownerId = id);
            }
            return !ownerId.isEmpty();
        }

        boolean isMember() {
            return end.isEmpty();
        }

        long held(Map<String, Long> held) {
            return held.getOrDefault(ownerId, 0L);
        }

        void stop() {
            end = "stopped";
            started.process().destroy();
        }

        void kill() {
            end = "killed";
            started.process().destroyForcibly();
        }

        void suspend() throws IOException, InterruptedException {
            end = "suspended";
            signal("STOP");
        }

        void resume() throws IOException, InterruptedException {
            end = "";
            signal("CONT");
        }

        private void signal(String name) throws IOException, InterruptedException {
            String pid = String.valueOf(started.process().pid());
            if (new ProcessBuilder("kill", "-" + name, pid).inheritIO().start().waitFor() != 0) {
                throw new IOException("Worker " + number + " has ended");
            }
        }

        String ownerId() {
            return ownerId;
        }

        String end() {
            return end;
        }

        String label() {
            return "worker " + number + (end.isEmpty() ? "" : ", " + end);
        }
    }

    /** The calls to the coordinator. */
    private record Coordinator(URI url) {

        /** Returns the holder of each stream. The pages are not of one moment, so a stream may be in two of them. */
        Map<String, String> holders() throws IOException, InterruptedException {
            Map<String, String> holders = new HashMap<>();
            for (JsonNode lock : all("/v1/locks?prefix=s-", "locks")) {
                holders.put(lock.get("streamId").asText(), lock.get("ownerId").asText());
            }
            return holders;
        }

        /** Returns the grants after a time. */
        List<Grant> history(Instant since) throws IOException, InterruptedException {
            Instant rounded = since.truncatedTo(ChronoUnit.MILLIS);
            return all("/v1/history?prefix=s-&since=" + rounded, "grants").stream()
                    .map(Grant::of)
                    .filter(one -> one.acquired().isAfter(since))
                    .toList();
        }

        private List<JsonNode> all(String call, String name) throws IOException, InterruptedException {
            List<JsonNode> all = new ArrayList<>();
            String token = "";
            do {
                JsonNode page = Json.get(url.resolve(call + "&pageSize=1000" + token));
                page.get(name).forEach(all::add);
                token = page.has("nextPageToken")
                        ? "&pageToken="
                                + URLEncoder.encode(page.get("nextPageToken").asText(), StandardCharsets.UTF_8)
                        : "";
            } while (!token.isEmpty());
            return all;
        }
    }

    /** Reads JSON over HTTP. */
    private static final class Json {

        private static final HttpClient HTTP = HttpClient.newHttpClient();
        private static final ObjectMapper MAPPER = new ObjectMapper();

        static JsonNode get(URI uri) throws IOException, InterruptedException {
            HttpRequest request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(uri + " returned " + response.statusCode() + ": " + response.body());
            }
            return MAPPER.readTree(response.body());
        }
    }

    /**
     * A grant of the history.
     *
     * @param ended the time of the grant, if it has not ended
     * @param endReason empty if it has not ended
     */
    private record Grant(String streamId, String ownerId, Instant acquired, Instant ended, String endReason) {

        static Grant of(JsonNode json) {
            String acquired = json.get("acquiredAt").asText();
            return new Grant(
                    json.get("streamId").asText(),
                    json.get("ownerId").asText(),
                    Instant.parse(acquired),
                    Instant.parse(json.path("endedAt").asText(acquired)),
                    json.path("endReason").asText());
        }
    }

    /**
     * The number of streams of each owner.
     *
     * @param held by owner id
     */
    private record Sample(Instant time, Map<String, Long> held) {}

    /**
     * A change of the group, and what followed.
     *
     * @param beats until the counts were even, in heartbeats; empty if they did not become even
     * @param limit of the beats
     * @param movedAfter how many streams moved when the counts were even
     */
    private record Change(
            String label, Instant time, Optional<Double> beats, double limit, long moved, long fewest, long movedAfter) {

        static final String HEADER = "change          heartbeats until even  at most   moved  fewest  at most   moved after";

        /** One more is for the rounding of the shares. */
        private long mostMoves() {
            return (long) Math.floor(fewest * MOVES_TO_FEWEST) + 1;
        }

        String row() {
            return String.format(
                    Locale.ROOT,
                    "%-15s %21s %8.0f %7d %7d %8d %13d",
                    label,
                    beats.map(count -> String.format(Locale.ROOT, "%.1f", count)).orElse("never"),
                    limit,
                    moved,
                    fewest,
                    mostMoves(),
                    movedAfter);
        }

        List<String> missed(boolean judgesTime) {
            List<String> missed = new ArrayList<>();
            if (beats.isEmpty() || judgesTime && beats.get() > limit) {
                missed.add(label + ": the heartbeats until the counts are even");
            }
            if (moved > mostMoves()) {
                missed.add(label + ": the moves");
            }
            if (movedAfter > 0) {
                missed.add(label + ": nothing moves when the counts are even");
            }
            return missed;
        }
    }

    private static final class Figures {

        static Duration percentile(List<Duration> times, int percent) {
            List<Duration> sorted = times.stream().sorted().toList();
            return sorted.get((int) Math.ceil(percent / 100.0 * sorted.size()) - 1);
        }

        static String millis(Duration time) {
            return String.format(Locale.ROOT, "%.1f ms", time.toNanos() / 1e6);
        }
    }

    /** Draws the streams of each worker as areas on top of each other. It has its own background, for dark pages. */
    private static final class Chart {

        private static final int WIDTH = 960;
        private static final int HEIGHT = 470;
        private static final int LEFT = 64;
        private static final int RIGHT = 780;
        private static final int TOP = 88;
        private static final int BOTTOM = 420;
        private static final int ROW = 18;
        private static final List<String> COLORS = List.of(
                "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#99aa22",
                "#7788dd", "#cc7799", "#997755");

        private final int streams;
        private final List<Sample> samples;
        private final Instant begin;
        private final double seconds;
        private final StringBuilder svg = new StringBuilder();

        private Chart(int streams, List<Sample> samples) {
            this.streams = streams;
            this.samples = samples;
            begin = samples.get(0).time();
            seconds = secondsAt(samples.get(samples.size() - 1).time());
        }

        static String svg(int streams, List<Worker> workers, List<Sample> samples, List<Change> changes) {
            Chart chart = new Chart(streams, samples);
            chart.frame();
            chart.areas(workers);
            chart.axes();
            chart.marks(changes);
            chart.legend(workers);
            return chart.svg.append("</svg>\n").toString();
        }

        private void frame() {
            draw("""
                    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"
                      font-family="system-ui, sans-serif" font-size="12" fill="#24292f">
                    <title>Streams of each worker over time</title>
                    <rect width="100%%" height="100%%" rx="8" fill="#ffffff" stroke="#d0d7de"/>
                    <text x="20" y="28" font-size="15" font-weight="600">Streams of each worker over time</text>
                    <rect x="%d" y="%d" width="%d" height="%d" fill="#e4e7eb"/>
                    """, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
        }

        private void areas(List<Worker> workers) {
            long[] below = new long[samples.size()];
            for (int i = 0; i < workers.size(); i++) {
                long[] above = below.clone();
                for (int j = 0; j < above.length; j++) {
                    above[j] += workers.get(i).held(samples.get(j).held());
                }
                draw("<path d=\"%sZ\" fill=\"%s\"/>\n", steps(above, "M", true) + steps(below, "L", false), color(i));
                below = above;
            }
        }

        /** Each count holds until the next sample. Most samples are like those before them, and are left out. */
        private String steps(long[] counts, String first, boolean isForward) {
            List<String> points = new ArrayList<>();
            for (int i = 0; i < counts.length; i++) {
                if (i == 0 || counts[i] != counts[i - 1]) {
                    if (i > 0) {
                        points.add(point(i, counts[i - 1]));
                    }
                    points.add(point(i, counts[i]));
                }
            }
            points.add(point(counts.length - 1, counts[counts.length - 1]));
            if (!isForward) {
                java.util.Collections.reverse(points);
            }
            return first + String.join("L", points);
        }

        private String point(int sample, long count) {
            return String.format(Locale.ROOT, "%.1f %.1f", x(samples.get(sample).time()), y(count));
        }

        private void axes() {
            for (long count : ticks(streams, 6)) {
                draw("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", LEFT - 8, y(count) + 4, count);
                draw("<path d=\"M%d %.1fH%d\" stroke=\"#57606a\"/>\n", LEFT - 4, y(count), LEFT);
            }
            for (long second : ticks((long) seconds, 10)) {
                double x = LEFT + second / seconds * (RIGHT - LEFT);
                draw("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n", x, BOTTOM + 18, second);
                draw("<path d=\"M%.1f %dV%d\" stroke=\"#57606a\"/>\n", x, BOTTOM, BOTTOM + 4);
            }
            int middle = (TOP + BOTTOM) / 2;
            draw("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">seconds</text>\n", (LEFT + RIGHT) / 2, BOTTOM + 38);
            draw("<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">streams</text>\n", middle);
        }

        /** Labels that would overlap are in another row. */
        private void marks(List<Change> changes) {
            double[] ends = new double[2];
            for (Change change : changes) {
                double x = x(change.time());
                int row = ends[0] > x ? 1 : 0;
                ends[row] = x + 8 * change.label().length();
                int y = TOP - 8 - row * ROW;
                draw("<path d=\"M%.1f %dV%d\" stroke=\"#24292f\" stroke-dasharray=\"3 2\"/>\n", x, y - 10, BOTTOM);
                draw("<text x=\"%.1f\" y=\"%d\">%s</text>\n", x + 4, y, change.label());
            }
        }

        /** The legend is in the order of the areas. */
        private void legend(List<Worker> workers) {
            int y = TOP;
            legend(y, "#e4e7eb", "no holder");
            for (int i = workers.size() - 1; i >= 0; i--) {
                y += ROW;
                legend(y, color(i), workers.get(i).label());
            }
        }

        private void legend(int y, String color, String label) {
            draw("<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", RIGHT + 20, y, color);
            draw("<text x=\"%d\" y=\"%d\">%s</text>\n", RIGHT + 40, y + 10, label);
        }

        private static String color(int worker) {
            return COLORS.get(worker % COLORS.size());
        }

        private static Collection<Long> ticks(long most, int count) {
            long step = Stream.iterate(1L, power -> power * 10)
                    .flatMap(power -> Stream.of(power, 2 * power, 5 * power))
                    .filter(one -> most / one <= count)
                    .findFirst()
                    .orElseThrow();
            return Stream.iterate(0L, tick -> tick <= most, tick -> tick + step).toList();
        }

        private double secondsAt(Instant time) {
            return Duration.between(begin, time).toMillis() / 1000.0;
        }

        private double x(Instant time) {
            return LEFT + secondsAt(time) / seconds * (RIGHT - LEFT);
        }

        private double y(long count) {
            return BOTTOM - (double) count / streams * (BOTTOM - TOP);
        }

        private void draw(String format, Object... values) {
            svg.append(String.format(Locale.ROOT, format, values));
        }
    }
}
