package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.AcquireRequest;
import io.streamlocks.client.generated.model.ReleaseRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the outcome of a call that is refused, or has no answer that the client can trust. */
class CoordinatorHttpFailureTest extends ScriptedServer {

    private static final String PROBLEM_JSON = "application/problem+json";

    @Test
    void aProblemArrivesWithItsStatusBodyAndHeaders() {
        answer(exchange -> {
            exchange.getResponseHeaders().add("retry-after", "7");
            reply(exchange, 409, PROBLEM_JSON, "{\"holder\": \"\uD83D\uDE80\"}");
        });

        var problem = failureOf(() -> client.locks().acquireLock("s", new AcquireRequest().ownerId("pod-1")));

        assertThat(problem.getCode()).isEqualTo(409);
        assertThat(problem.getResponseBody()).isEqualTo("{\"holder\": \"\uD83D\uDE80\"}");
        assertThat(problem.getResponseHeaders()).containsEntry("Retry-After", List.of("7"));
    }

    @Test
    void a503WithRetryAfterIsNotRetried() {
        answer(exchange -> {
            exchange.getResponseHeaders().add("Retry-After", "0");
            reply(exchange, 503, PROBLEM_JSON, "{}");
        });

        assertThat(failureOf(() -> client.locks().getLock("s")).getCode()).isEqualTo(503);
        assertThat(failureOf(() -> client.locks().acquireLock("s", new AcquireRequest().ownerId("pod-1")))
                        .getCode())
                .isEqualTo(503);

        assertThat(exchanges).extracting(HttpExchange::getRequestMethod).containsExactly("GET", "POST");
    }

    @Test
    void aCallOnADroppedConnectionIsNotRetried() {
        answer(HttpExchange::close);

        assertThat(failureOf(() -> client.locks().getLock("s")))
                .hasCauseInstanceOf(IOException.class)
                .extracting(ApiException::getCode)
                .isEqualTo(0);
        assertThat(failureOf(() -> client.locks().acquireLock("s", new AcquireRequest().ownerId("pod-1")))
                        .getCode())
                .isEqualTo(0);

        assertThat(exchanges).extracting(HttpExchange::getRequestMethod).containsExactly("GET", "POST");
    }

    @Test
    void aRedirectIsNotFollowed() {
        answer(exchange -> {
            exchange.getResponseHeaders().add("Location", "/elsewhere");
            reply(exchange, 302, "text/plain", "");
        });

        assertThat(failureOf(() -> client.locks().getLock("s")).getCode()).isEqualTo(302);

        assertThat(exchanges).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"200, text/html", "200, application/json", "204, ", "202, application/json", "304, "})
    void aResponseThatTheServerCannotSendIsNotAnAnswer(int status, String contentType) {
        answer(exchange -> reply(exchange, status, contentType, contentType == null ? "" : "null"));

        assertThat(failureOf(() -> client.locks().getLock("s")))
                .hasCauseInstanceOf(IOException.class)
                .extracting(ApiException::getCode)
                .isEqualTo(0);
    }

    @Test
    void aPageIsNotAnAnswerToARelease() {
        answer(exchange -> reply(exchange, 200, "text/html", "<html>"));

        assertThat(failureOf(() -> client.locks().releaseLock("s", new ReleaseRequest().leaseId(UUID.randomUUID())))
                        .getCode())
                .isEqualTo(0);
    }

    @Test
    void aServerThatNeverAnswersIsGivenUpAfterTheResponseTimeout() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var impatient = CoordinatorHttp.connect(
                        uri(silent.getLocalPort()), Duration.ofSeconds(1), Duration.ofMillis(200))) {
            var start = System.nanoTime();

            var failure = failureOf(() -> impatient.locks().getLock("s"));

            assertThat(failure).hasCauseInstanceOf(SocketTimeoutException.class);
            assertThat(failure.getCode()).isEqualTo(0);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofMillis(190), Duration.ofSeconds(4));
        }
    }

    @Test
    void aServerThatStopsInTheMiddleOfAnAnswerIsGivenUpAfterTheResponseTimeout() throws Exception {
        answer(exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
        });
        try (var impatient = CoordinatorHttp.connect(uri(), Duration.ofSeconds(1), Duration.ofMillis(200))) {
            assertThat(failureOf(() -> impatient.locks().getLock("s")))
                    .hasCauseInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void closingEndsACallThatIsUnderWay() throws Exception {
        var arrived = new CountDownLatch(1);
        answer(exchange -> arrived.countDown());
        var failure = threads.submit(() -> failureOf(() -> client.locks().getLock("s")));
        assertThat(arrived.await(3, TimeUnit.SECONDS)).isTrue();

        client.close();

        // This is sooner than the response time-out.
        assertThat(failure.get(3, TimeUnit.SECONDS).getCode()).isEqualTo(0);
        assertThatThrownBy(() -> client.locks().getLock("s")).isInstanceOf(IllegalStateException.class);
    }

    private static ApiException failureOf(ThrowingCallable call) {
        return catchThrowableOfType(ApiException.class, call);
    }
}
