package io.streamlocks.coordinator;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.background.StorageOpening;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.slf4j.LoggerFactory;

/** What coordinators of this JVM log of how they start. */
final class StartLog implements AutoCloseable {

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    StartLog() {
        log.start();
        logger().addAppender(log);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(StorageOpening.class);
    }

    /** Waits for a line with this in it. */
    String await(String text) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> lines().stream()
                .anyMatch(line -> line.contains(text)));
        return lines().stream().filter(line -> line.contains(text)).findFirst().orElseThrow();
    }

    private List<String> lines() {
        return List.of(log.list.toArray(ILoggingEvent[]::new)).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Override
    public void close() {
        logger().detachAppender(log);
    }
}
