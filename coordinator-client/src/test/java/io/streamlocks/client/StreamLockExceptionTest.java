package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An exception carries the stream, and what the answer says. */
class StreamLockExceptionTest extends ScriptedServer {

    private static final String STREAM = "orders/eu";

    private CoordinatorUnavailableException unavailable(int status, String retryAfter) {
        answer(exchange -> {
            if (retryAfter != null) {
                exchange.getResponseHeaders().add("Retry-After", retryAfter);
            }
            reply(exchange, status, "application/problem+json", "{\"code\": \"x\", \"detail\": \"y\"}");
        });
        try (StreamLockClient worker = worker()) {
            return catchThrowableOfType(CoordinatorUnavailableException.class, () -> worker.tryAcquire(STREAM));
        }
    }

    /** Returns a client that makes each call once. */
    private StreamLockClient worker() {
        return StreamLockClient.builder(uri())
                .acquireTimeout(Duration.ofMillis(1))
                .requestTimeout(Duration.ofMillis(500))
                .build();
    }

    @ParameterizedTest
    @CsvSource({"429, 7", "503, 3"})
    void theTimeThatA429Or503NamesIsInTheException(int status, String seconds) {
        CoordinatorUnavailableException failure = unavailable(status, seconds);
        assertThat(failure.retryAfter()).contains(Duration.ofSeconds(Long.parseLong(seconds)));
        assertThat(failure.streamId()).contains(STREAM);
        assertThat(failure).hasMessage("The coordinator failed to acquire the lease of stream orders/eu: x: y");
    }

    @ParameterizedTest
    @CsvSource({"500, 7", "503,", "429, soon", "429, 1000000"})
    void aValueThatIsNotSecondsIsNotATime(int status, String value) {
        assertThat(unavailable(status, value).retryAfter()).isEmpty();
    }

    @Test
    void onlyTheTimeOfA429HoldsUpTheNextTryWhichMayReachAnotherServer() {
        assertThat(unavailable(429, "7").pause()).isEqualTo(Duration.ofSeconds(7));
        server.removeContext("/");
        assertThat(unavailable(503, "7").pause()).isEqualTo(Duration.ZERO);
    }

    @Test
    void aRefusalNamesTheStreamAndTheStatus() {
        answer(exchange -> reply(exchange, 403, "application/problem+json", "{\"code\": \"x\", \"detail\": \"y\"}"));
        try (StreamLockClient worker = worker()) {
            CoordinatorRefusedException refused =
                    catchThrowableOfType(CoordinatorRefusedException.class, () -> worker.tryAcquire(STREAM));
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.streamId()).contains(STREAM);
        }
    }

    @Test
    void threadsWhoseCallsShareARequestGetAnExceptionEachWithTheirOwnStream() throws Exception {
        answer(exchange -> reply(exchange, 503, "application/problem+json", "{}"));
        try (StreamLockClient worker = worker()) {
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                String own = STREAM + i;
                calls.add(threads.submit(() -> worker.tryAcquire(own)));
            }
            List<StreamLockException> failures = new ArrayList<>();
            for (Future<?> call : calls) {
                ExecutionException failed = catchThrowableOfType(ExecutionException.class, call::get);
                failures.add((StreamLockException) failed.getCause());
            }
            for (int i = 0; i < 32; i++) {
                assertThat(failures.get(i).streamId()).contains(STREAM + i);
            }
            assertThat(failures).doesNotHaveDuplicates();
        }
    }

    @Test
    void aLostLeaseHasAReasonAndAClosedOneHasNone() {
        LeaseLoss loss = new LeaseLoss(STREAM, 7, LossReason.EXPIRED, Optional.empty());
        LeaseLostException lost = new LeaseLostException(STREAM, Optional.of(loss));
        assertThat(lost.loss()).contains(loss);
        assertThat(lost.streamId()).contains(STREAM);
        assertThat(lost).hasMessage("The lease of stream orders/eu is over: lost, EXPIRED");
        LeaseLostException closed = new LeaseLostException(STREAM, Optional.empty());
        assertThat(closed.loss()).isEmpty();
        assertThat(closed).hasMessage("The lease of stream orders/eu is over: closed");
    }
}
