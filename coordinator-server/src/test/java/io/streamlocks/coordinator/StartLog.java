package io.streamlocks.coordinator;

import io.streamlocks.coordinator.background.StorageOpening;
import io.streamlocks.coordinator.log.CapturedLog;
import java.time.Duration;
import org.awaitility.Awaitility;

/** Collects what the coordinators of this JVM log about their start. */
final class StartLog implements AutoCloseable {

    private final CapturedLog log = new CapturedLog(StorageOpening.class);

    /** Waits until a line contains the text, and returns the line. */
    String await(String text) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> log.messages().stream()
                .anyMatch(line -> line.contains(text)));
        return log.messages().stream()
                .filter(line -> line.contains(text))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        log.close();
    }
}
