package io.streamlocks.coordinator.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.testkit.rig.Logback;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class RepeatedErrorLogTest {

    /** The clock starts just before it overflows, as System.nanoTime may. */
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(1));

    private final Logger logger = Logback.logger("test." + UUID.randomUUID());
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private final RepeatedErrorLog errors = new RepeatedErrorLog(logger, nanos::get);

    @BeforeEach
    void listen() {
        logger.setAdditive(false);
        logger.addAppender(appender);
        appender.start();
    }

    @AfterEach
    void stop() {
        logger.detachAppender(appender);
    }

    @Test
    void anErrorIsLoggedAtOnceWithItsLevelAndCause() {
        Exception cause = new IllegalStateException("why");
        errors.log(Level.ERROR, "key", "It failed", cause);

        assertThat(lines()).containsExactly("It failed");
        assertThat(appender.list.get(0).getLevel()).isEqualTo(ch.qos.logback.classic.Level.ERROR);
        assertThat(appender.list.get(0).getThrowableProxy().getMessage()).isEqualTo("why");
    }

    @Test
    void anIdenticalErrorIsSuppressedForThirtySeconds() {
        log("key");
        pass(RepeatedErrorLog.INTERVAL.toNanos() - 1);
        log("key");

        assertThat(lines()).containsExactly("message of key");
    }

    @Test
    void theNextLineCountsTheSuppressedErrors() {
        log("key");
        log("key");
        log("key");
        pass(RepeatedErrorLog.INTERVAL.toNanos());
        log("key");

        assertThat(lines())
                .containsExactly(
                        "message of key",
                        "message of key (2 more like this were not logged since the last one, more than 30 s ago)");
    }

    @Test
    void theCountStartsAgainWithEachLine() {
        log("key");
        log("key");
        pass(RepeatedErrorLog.INTERVAL.toNanos());
        log("key");
        pass(RepeatedErrorLog.INTERVAL.toNanos());
        log("key");

        assertThat(lines()).hasSize(3).last().isEqualTo("message of key");
    }

    @Test
    void suppressedErrorsDoNotDelayTheNextLine() {
        log("key");
        for (int i = 0; i < 29; i++) {
            pass(TimeUnit.SECONDS.toNanos(1));
            log("key");
        }
        pass(TimeUnit.SECONDS.toNanos(1));
        log("key");

        assertThat(lines()).hasSize(2).last().asString().contains("29 more");
    }

    @Test
    void errorsWithOtherKeysAreLoggedOnTheirOwn() {
        log("a");
        log("b");
        log("a");

        assertThat(lines()).containsExactly("message of a", "message of b");
    }

    @Test
    void theErrorThatWasLoggedFirstIsForgotten() {
        log("first");
        log("second");
        pass(RepeatedErrorLog.INTERVAL.toNanos());
        // This logs the first error again, so the second one is now the oldest.
        log("first");
        for (int i = 0; i < RepeatedErrorLog.MAX_KEYS - 1; i++) {
            log("other" + i);
        }
        appender.list.clear();

        log("first");
        assertThat(lines()).isEmpty();
        log("other0");
        assertThat(lines()).isEmpty();
        // All hundred keys are new. There is no room for another one until the first key is old.
        log("second");
        log("third");
        assertThat(lines()).isEmpty();
        pass(RepeatedErrorLog.INTERVAL.toNanos());
        log("second");
        log("third");
        assertThat(lines())
                .containsExactly(
                        "message of second (2 others were not logged, because there were more than 100 kinds in 30 s)",
                        "message of third");
    }

    @Test
    void aHundredErrorsAreRemembered() {
        for (int i = 0; i < 2 * RepeatedErrorLog.MAX_KEYS; i++) {
            log("key" + i % RepeatedErrorLog.MAX_KEYS);
        }

        assertThat(lines()).hasSize(RepeatedErrorLog.MAX_KEYS);
    }

    @Test
    void manyThreadsLogOneLineAndAnExactCount() throws Exception {
        int threads = 16;
        int times = 500;
        CyclicBarrier together = new CyclicBarrier(threads);
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                done.add(executor.submit(() -> {
                    together.await(10, TimeUnit.SECONDS);
                    for (int n = 0; n < times; n++) {
                        log("key");
                    }
                    return null;
                }));
            }
            for (Future<?> future : done) {
                future.get(10, TimeUnit.SECONDS);
            }
        } finally {
            executor.shutdownNow();
        }
        assertThat(lines()).containsExactly("message of key");

        pass(RepeatedErrorLog.INTERVAL.toNanos());
        log("key");
        assertThat(lines()).last().asString().contains("(" + (threads * times - 1) + " more like this");
    }

    private void log(String key) {
        errors.log(Level.WARN, key, "message of " + key);
    }

    private void pass(long time) {
        nanos.addAndGet(time);
    }

    private List<String> lines() {
        return appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
