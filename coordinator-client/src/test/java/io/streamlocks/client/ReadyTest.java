package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tests the question of a health check: whether the coordinator serves calls. */
class ReadyTest extends ScriptedServer {

    private static final Duration LONG = Duration.ofSeconds(15);
    private static final String READY = "{\"status\": \"ready\"}";
    private static final String DRAINING =
            "{\"type\": \"x\", \"title\": \"x\", \"status\": 503, \"code\": \"draining\", \"detail\": \"It stops.\"}";

    private StreamLockClient.Builder builder() {
        // No time-out of the client ends a call in these tests, so that their own do.
        return StreamLockClient.builder(uri()).requestTimeout(Duration.ofSeconds(10));
    }

    @Test
    void aReadyCoordinatorIsAskedWithoutAToken() {
        answer(exchange -> reply(exchange, 200, "application/json", READY));
        try (StreamLockClient asking = builder().bearerToken("secret").build()) {
            assertThatCode(() -> asking.requireReady(LONG)).doesNotThrowAnyException();
        }
        assertThat(exchanges).singleElement().satisfies(call -> {
            assertThat(call.getRequestURI().getPath()).isEqualTo("/readyz");
            assertThat(call.getRequestHeaders().get("Authorization")).isNull();
        });
    }

    @Test
    void aServerThatStopsIsAskedOnceMoreBecauseAnotherOneMayAnswer() {
        AtomicInteger calls = new AtomicInteger();
        answer(exchange -> {
            boolean stops = calls.incrementAndGet() == 1;
            if (stops) {
                exchange.getResponseHeaders().set("Connection", "close");
            }
            reply(
                    exchange,
                    stops ? 503 : 200,
                    stops ? "application/problem+json" : "application/json",
                    stops ? DRAINING : READY);
        });
        try (StreamLockClient asking = builder().build()) {
            assertThatCode(() -> asking.requireReady(LONG)).doesNotThrowAnyException();
        }
        assertThat(calls).hasValue(2);
    }

    @Test
    void aCoordinatorThatIsNotReadyIsReportedWithItsReason() {
        answer(exchange -> reply(exchange, 503, "application/problem+json", DRAINING));
        try (StreamLockClient asking = builder().build()) {
            assertThatThrownBy(() -> asking.requireReady(LONG))
                    .isInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("draining: It stops.");
        }
    }

    /** A health check must not hang: those of an application run one after the other. */
    @Test
    void aCoordinatorThatNeverAnswersIsReportedInTime() {
        answer(exchange -> {});
        try (StreamLockClient asking = builder().build()) {
            long began = System.nanoTime();
            assertThatThrownBy(() -> asking.requireReady(Duration.ofMillis(200)))
                    .isInstanceOf(CoordinatorUnavailableException.class)
                    .hasMessageContaining("within 200 ms");
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    void anInterruptionEndsTheQuestionAndStays() {
        answer(exchange -> {});
        try (StreamLockClient asking = builder().build()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> asking.requireReady(LONG)).isInstanceOf(CoordinatorUnavailableException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aClosedClientAsksNothing() {
        StreamLockClient closed = builder().build();
        closed.close();
        assertThatIllegalStateException().isThrownBy(() -> closed.requireReady(LONG));
    }
}
