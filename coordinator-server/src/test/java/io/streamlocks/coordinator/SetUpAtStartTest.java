package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.database.PostgresStorage;
import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@Tag("postgres")
class SetUpAtStartTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(PostgresStorage.class.getPackageName());
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listenToTheLog() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void leaveTheLog() {
        logger.detachAppender(log);
    }

    @Test
    void aServerLogsHowItsDatabaseIsSetUpBeforeItIsReadyAndServesAllTheSame() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator = new Coordinator(Settings.from(Map.of(
                        "LOCK_BACKEND", "postgres",
                        "DATABASE_URL", database.url(),
                        "HTTP_PORT", "0",
                        "SHUTDOWN_DRAIN_MS", "0")))) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            assertThat(logged())
                    .hasSize(2)
                    .allSatisfy(line -> assertThat(line).startsWith("WARN PostgreSQL at postgres://localhost:"))
                    .satisfiesExactly(line -> assertThat(line).contains("fsync is off"), line -> assertThat(line)
                            .contains("synchronous_commit is off"));
        }
    }

    private List<String> logged() {
        return List.of(log.list.toArray(new ILoggingEvent[0])).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }
}
