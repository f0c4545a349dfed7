import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
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
            change("1 continues", false, suspended::resume);
        }

        List<Grant> grants = coordinator.history(began);
        judgeHandOvers(grants);
        Path chart = processes.target().resolve("shares.svg");
        Files.writeString(chart, Chart.svg(options.streams(), workers, samples, changes));
        Path table = processes.target().resolve("grants.csv");
        Files.write(table, Stream.concat(Stream.of(Grant.HEADER), grants.stream().map(this::row)).toList());
        System.out.println("The chart is in " + chart + ", and all grants are in " + table + ".");
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
        if (!isEven) {
            // It shows whether the members know what the list of locks shows.
            System.out.println("Not even: " + coordinator.group());
        }
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

    /** The streams of a worker that stops are free until the others report, so they are no hand-overs. */
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

    private String row(Grant grant) {
        String worker = workers.stream()
                .filter(one -> one.ownerId().equals(grant.ownerId()))
                .map(one -> String.valueOf(one.number()))
                .findFirst()
                .orElse(grant.ownerId());
        String ended = grant.endReason().isEmpty() ? "" : grant.ended().toString();
        return String.join(",", grant.streamId(), worker, grant.acquired().toString(), ended, grant.endReason());
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
}
