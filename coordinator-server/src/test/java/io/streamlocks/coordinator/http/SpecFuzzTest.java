package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.coordinator.http.FuzzBodies.Expected;
import io.streamlocks.coordinator.http.FuzzCases.Case;
import io.streamlocks.coordinator.http.FuzzConnection.Answer;
import io.streamlocks.coordinator.http.FuzzTwists.Kind;
import io.streamlocks.coordinator.log.CapturedLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever a client sends, the server responds by the contract, reveals nothing about itself, and continues to serve.
 * The requests are made from the contract: each kind once, then random kinds. {@code -Dfuzz.seed=...} repeats the same
 * requests, and {@code -Dfuzz.requests=200000} sends more of them.
 */
@Tag("fuzz")
class SpecFuzzTest {

    private static final long SEED = Long.getLong("fuzz.seed", System.nanoTime());
    private static final int REQUESTS = Integer.getInteger("fuzz.requests", 15_000);

    /** Far above what a response takes, on a busy machine as well. */
    private static final Duration MAX_ANSWER_TIME = Duration.ofSeconds(5);

    /** The statuses that any request may get. Only one of them is a 5xx. */
    private static final Set<Integer> OF_HTTP = Set.of(400, 404, 405, 408, 411, 413, 414, 415, 417, 426, 431, 505);

    /** The statuses of calls, for a request whose operation is not clear. */
    private static final Set<Integer> OF_SOME_CALL = OpenApiFilter.SPEC.getPaths().values().stream()
            .flatMap(path -> path.readOperations().stream())
            .flatMap(operation -> operation.getResponses().keySet().stream())
            .filter(status -> status.matches("[1-4]\\d\\d"))
            .map(Integer::valueOf)
            .collect(Collectors.toSet());

    private static final Set<String> CODES =
            Arrays.stream(ProblemType.values()).map(ProblemType::code).collect(Collectors.toSet());

    /** No request contains any of these. */
    private static final Pattern LEAK = Pattern.compile(
            "exception|stack|java[./]|javax|jakarta|jetty|javalin|jackson|kotlin|jooq|hikari|postgres|io[./]streamlocks"
                    + "|\\.java|\\.jar|\\.class|\\bat [a-z]+\\.|org\\.|com\\.|select |insert |update |stream_locks|/tmp/|/root"
                    + "|/home/|/usr/|/work|localhost|127\\.0\\.0\\.1|null pointer|unexpected",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern HEADER_THAT_TELLS = Pattern.compile(
            "server|via|x-powered-by|x-aspnet.*|set-cookie|access-control-.*", Pattern.CASE_INSENSITIVE);

    private static final int MAX_FAILURES = 20;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @AutoClose
    private final TestServer server = TestServer.open();

    @AutoClose
    private final CapturedLog log = new CapturedLog();

    private final Set<String> seen = new TreeSet<>();
    private Case previous;

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void everyRequestGetsAResponseOfTheContract() throws IOException {
        System.out.printf(Locale.ROOT, "SpecFuzzTest: -Dfuzz.seed=%d -Dfuzz.requests=%d%n", SEED, REQUESTS);
        List<Case> cases = FuzzCases.all();
        assertThat(cases.size()).as("kinds of requests").isLessThan(REQUESTS);
        Collections.shuffle(cases, new Random(SEED));
        serves();
        int threads = liveThreads();
        long heap = usedHeap();
        List<AssertionError> failures = new ArrayList<>();
        try (FuzzConnection connection = new FuzzConnection(server.port)) {
            for (int i = 0; i < REQUESTS; i++) {
                Random random = new Random(SEED + i);
                Case sent = i < cases.size() ? cases.get(i) : cases.get(random.nextInt(cases.size()));
                try {
                    send(connection, i, sent, random);
                    previous = sent;
                    if (i % 100 == 0) {
                        pipeline(connection, cases, random);
                    }
                } catch (AssertionError e) {
                    failures.add(e);
                    connection.end();
                    if (failures.size() == MAX_FAILURES) {
                        break;
                    }
                }
            }
        }

        assertThat(failures.stream().map(e -> e.getMessage() + "\n\n" + e.getCause()))
                .as("the first failures of -Dfuzz.seed=" + SEED)
                .isEmpty();
        serves();
        System.out.println("SpecFuzzTest: " + cases.size() + " kinds of requests, answered with " + seen);
        assertThat(log.from(Level.WARN)).isEmpty();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(liveThreads()).isLessThanOrEqualTo(threads + 20);
            assertThat(usedHeap()).isLessThan(heap + 64 * 1024 * 1024);
        });
    }

    private void send(FuzzConnection connection, int number, Case sent, Random random) throws IOException {
        WireRequest request = sent.request().apply(random);
        byte[] bytes = request.bytes();
        long began = System.nanoTime();
        List<Answer> answers = List.of();
        try {
            answers = sent.kind() == Kind.ANSWERED
                    ? connection.exchange(bytes, List.of(request.method))
                    : connection.exchangeAndEnd(bytes, request.method);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(MAX_ANSWER_TIME);
            if (sent.kind() != Kind.ANSWERED_OR_ENDED) {
                assertThat(answers).isNotEmpty();
            }
            for (int i = 0; i < answers.size(); i++) {
                // The responses after the first one are to the rest of the request.
                verify(sent, answers.get(i), i == 0);
            }
        } catch (AssertionError | IOException e) {
            throw new AssertionError(
                    String.format(
                            Locale.ROOT,
                            "Request %d (after %s) of -Dfuzz.seed=%d, %s:%n%s%n%nwas answered with:%n%s%n",
                            number,
                            previous,
                            SEED,
                            sent,
                            FuzzCases.shown(bytes),
                            answers.stream()
                                    .map(answer -> answer.status() + " " + answer.headers() + " " + answer.text())
                                    .collect(Collectors.joining("\n"))),
                    e);
        }
    }

    private void verify(Case sent, Answer answer, boolean first) {
        seen.add(answer.status()
                + (answer.status() < 400 ? "" : " " + json(answer).path("code").asText("(HEAD)")));
        assertThat(answer.headers().keySet())
                .noneMatch(name -> HEADER_THAT_TELLS.matcher(name).matches());
        boolean documented =
                first && sent.leadsToTarget() && sent.target().statuses().contains(answer.status());
        if (answer.status() >= 400) {
            verifyProblem(answer);
        }
        if (documented) {
            SimpleResponse.Builder response = new SimpleResponse.Builder(answer.status()).withBody(answer.body());
            answer.headers().forEach((name, value) -> response.withHeader(name, value));
            OpenApiFilter.verifyResponse(sent.target().method(), sent.target().somePath(), response.build());
        } else if (first && sent.leadsToTarget() && sent.kind() == Kind.ANSWERED) {
            assertThat(answer.status()).isIn(OF_HTTP);
        } else {
            assertThat(answer.status()).matches(status -> OF_SOME_CALL.contains(status) || OF_HTTP.contains(status));
        }
        if (first && sent.expected() != Expected.DOCUMENTED) {
            verifyRefused(sent, answer);
        }
    }

    private static void verifyProblem(Answer answer) {
        assertThat(answer.headers()).containsEntry("Content-Type", Problem.CONTENT_TYPE);
        if (answer.body().length == 0) {
            // This is the response to a HEAD.
            return;
        }
        JsonNode problem = json(answer);
        assertThat(OpenApiFilter.isProblem(answer.text())).as("a problem").isTrue();
        assertThat(problem.path("status").asInt()).isEqualTo(answer.status());
        assertThat(problem.path("code").asText()).isIn(CODES);
        assertThat(problem.path("type").asText())
                .endsWith(":" + problem.path("code").asText());
        assertThat(LEAK.matcher(answer.text()).results().map(match -> match.group()))
                .isEmpty();
    }

    private static void verifyRefused(Case sent, Answer answer) {
        JsonNode body = json(answer);
        if (sent.expected() == Expected.MALFORMED) {
            assertThat(answer.status()).isEqualTo(400);
            return;
        }
        List<JsonNode> problems = new ArrayList<>();
        if (answer.status() == 200) {
            body.path("results").forEach(result -> problems.add(result.path("problem")));
        } else {
            assertThat(answer.status()).isEqualTo(400);
            problems.add(body);
        }
        assertThat(problems)
                .anyMatch(problem -> problem.path("status").asInt() == 400
                        && (names(problem.path("field").asText(null), sent.field()) || isBadPath(sent, problem)));
    }

    /** Returns whether a problem names the field, or one around it. */
    private static boolean names(String named, String field) {
        return named != null
                && (field == null || named.equals(field) || field.startsWith(named) || named.startsWith(field));
    }

    /** A path that is not percent-encoded is not HTTP. */
    private static boolean isBadPath(Case sent, JsonNode problem) {
        return sent.target().path().contains("{" + sent.field() + "}")
                && problem.path("code").asText().equals("bad-request");
    }

    /**
     * Sends several requests at once, and gets a response to each in turn. No request is among them after which the
     * server ends the connection: unread data would then reset it, and responses on their way would be lost (RFC 9112,
     * 9.6).
     */
    private void pipeline(FuzzConnection connection, List<Case> cases, Random random) throws IOException {
        List<Case> several = IntStream.range(0, 20)
                .mapToObj(i -> cases.get(random.nextInt(cases.size())))
                .filter(one -> one.kind() == Kind.ANSWERED)
                .toList();
        ByteArrayOutputStream requests = new ByteArrayOutputStream();
        List<String> methods = new ArrayList<>();
        for (Case one : several) {
            WireRequest request = one.request().apply(random);
            if (request.body.length < 100_000) {
                requests.writeBytes(request.bytes());
                methods.add(request.method);
            }
        }
        try {
            for (Answer answer : connection.exchange(requests.toByteArray(), methods)) {
                assertThat(answer.status()).isBetween(200, 499);
            }
        } catch (AssertionError | IOException e) {
            throw new AssertionError("Requests at once:\n" + FuzzCases.shown(requests.toByteArray()), e);
        }
    }

    private void serves() {
        String stream = TestServer.randomStream();
        UUID leaseId = UUID.randomUUID();
        assertThat(server.acquire(stream, "me", leaseId).statusCode()).isEqualTo(200);
        assertThat(server.renew(stream, leaseId).statusCode()).isEqualTo(200);
        assertThat(server.release(stream, leaseId).statusCode()).isEqualTo(204);
        assertThat(server.get("/readyz").statusCode()).isEqualTo(200);
    }

    private static JsonNode json(Answer answer) {
        try {
            return MAPPER.readTree(answer.text());
        } catch (JsonProcessingException e) {
            throw new AssertionError("No JSON: " + answer.text(), e);
        }
    }

    private static int liveThreads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
