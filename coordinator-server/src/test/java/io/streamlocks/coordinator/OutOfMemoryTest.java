package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.log.OutOfMemoryExit;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A server with little memory serves calls, or logs that memory has run out and ends. */
@Tag("process")
@Tag("slow")
class OutOfMemoryTest {

    private static final List<String> LITTLE = List.of("-Xmx64m");
    private static final Map<String, String> SETTINGS = Map.of("HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "0");
    private static final Duration GRACE = Duration.ofSeconds(60);

    /** A label of the maximum length. */
    private static final String LABELS = IntStream.range(0, 16)
            .mapToObj(i -> "\"" + "n".repeat(61) + (10 + i) + "\":\"" + "v".repeat(255) + "\"")
            .collect(Collectors.joining(",", "{", "}"));

    /** A batch of nearly 1 MiB whose leases stay in memory. */
    private static String acquires() {
        return IntStream.range(0, 180)
                .mapToObj(i -> "{\"streamId\":\"" + UUID.randomUUID() + "\",\"ownerId\":\"me\",\"ttlMs\":3600000,"
                        + "\"labels\":" + LABELS + "}")
                .collect(Collectors.joining(",", "{\"items\":[", "]}"));
    }

    /** A batch that leaves nothing in memory. */
    private static String releases() {
        return IntStream.range(0, 1000)
                .mapToObj(i -> "{\"streamId\":\"" + "s".repeat(255) + "\",\"leaseId\":\"" + UUID.randomUUID() + "\"}")
                .collect(Collectors.joining(",", "{\"items\":[", "]}" + " ".repeat(700_000)));
    }

    /** Returns whether a call met the lack of memory. Its response may be sent before the process has ended. */
    private static boolean isLast(HttpResponse<String> answer) {
        assertThat(answer.body()).isNotEmpty();
        return answer.statusCode() == 500;
    }

    private static void assertAnswered(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isIn(200, 503);
        assertThat(answer.body()).isNotEmpty();
    }

    @Test
    void leasesThatExhaustTheMemoryEndTheProcessWithALogLine() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(LITTLE, SETTINGS)) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            for (int i = 0; i < 1000; i++) {
                try {
                    HttpResponse<String> answer = calls.post("/v1/batch/acquire", acquires());
                    if (isLast(answer)) {
                        break;
                    }
                    assertAnswered(answer);
                } catch (IOException e) {
                    if (hasEnded(coordinator, calls)) {
                        break;
                    }
                }
            }
            assertThat(coordinator.exitCode(GRACE)).isEqualTo(OutOfMemoryExit.STATUS);
            assertThat(coordinator.err()).contains("Memory has run out, so this process ends with status 3");
        }
    }

    /** On a busy machine the body of a call may take too long. That ends its connection and nothing else. */
    private static boolean hasEnded(CoordinatorProcess coordinator, HttpCalls calls) throws InterruptedException {
        await().atMost(GRACE).until(() -> !coordinator.isAlive() || isReady(calls));
        return !coordinator.isAlive();
    }

    private static boolean isReady(HttpCalls calls) throws InterruptedException {
        try {
            return calls.get("/readyz").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void manyLargeCallsAreServedOrEndTheProcess() throws Exception {
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(LITTLE, SETTINGS)) {
            HttpCalls calls = new HttpCalls(coordinator.url());
            for (int round = 0; round < 10 && coordinator.isAlive(); round++) {
                List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
                for (int i = 0; i < 32; i++) {
                    answers.add(calls.postAsync("/v1/batch/release", releases()));
                }
                boolean failed = false;
                boolean ends = false;
                for (CompletableFuture<HttpResponse<String>> answer : answers) {
                    try {
                        if (isLast(answer.join())) {
                            ends = true;
                        } else {
                            assertAnswered(answer.join());
                        }
                    } catch (CompletionException e) {
                        failed = true;
                    }
                }
                if (ends || failed && hasEnded(coordinator, calls)) {
                    assertThat(coordinator.exitCode(GRACE)).isEqualTo(OutOfMemoryExit.STATUS);
                    return;
                }
            }
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
        }
    }
}
