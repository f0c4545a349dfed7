package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RepeatedErrorsTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final LinesLogger lines = new LinesLogger();
    private final RepeatedErrors errors = new RepeatedErrors(lines, nanos::get);

    private void log(String key) {
        errors.log(key, key, new IllegalStateException(key));
    }

    @Test
    void anErrorIsLoggedOnceInThirtySecondsWithTheCountSuppressedSince() {
        for (int i = 0; i < 5; i++) {
            log("a");
        }
        log("b");
        assertThat(lines.lines()).containsExactly("a", "b");
        nanos.addAndGet(Duration.ofSeconds(30).toNanos() - 1);
        log("a");
        assertThat(lines.lines()).hasSize(2);
        nanos.addAndGet(1);
        log("a");
        log("b");
        assertThat(lines.lines()).containsExactly("a", "b", "a (5 more like this were not logged)", "b");
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        log("a");
        assertThat(lines.lines()).endsWith("a");
    }

    @Test
    void theKeyLoggedLongestAgoIsForgottenIfThereAreOverAHundred() {
        for (int i = 0; i < 100; i++) {
            log("key " + i);
        }
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        log("key 0");
        log("new");
        int before = lines.lines().size();
        // Key 0 was logged again just now, so the oldest was key 1.
        log("key 0");
        assertThat(lines.lines()).hasSize(before);
        nanos.addAndGet(-Duration.ofSeconds(1).toNanos());
        log("key 2");
        assertThat(lines.lines()).hasSize(before);
        log("key 1");
        assertThat(lines.lines()).hasSize(before + 1).endsWith("key 1");
    }
}
