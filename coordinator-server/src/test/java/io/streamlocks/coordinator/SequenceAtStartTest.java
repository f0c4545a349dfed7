package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.database.PostgresStorage;
import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@Tag("postgres")
class SequenceAtStartTest {

    @Test
    void aServerRaisesASequenceThatIsBehindBeforeItIsReadyAndLogsThat() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(PostgresStorage.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try (TestDatabase database = TestDatabase.migrated()) {
            // A logical copy has the rows and a sequence that starts again.
            database.sql()
                    .execute(
                            "INSERT INTO stream_lock_history VALUES ('purged', 'a', 41, NULL, now(), now(), 'released')");
            try (Coordinator coordinator = new Coordinator(Settings.from(Map.of(
                    "LOCK_BACKEND", "postgres",
                    "DATABASE_URL", database.url(),
                    "HTTP_PORT", "0",
                    "SHUTDOWN_DRAIN_MS", "0")))) {
                coordinator.ready().get(30, TimeUnit.SECONDS);
                HttpCalls calls = new HttpCalls("http://127.0.0.1:" + coordinator.port());
                assertThat(HttpCalls.fencingToken(calls.acquire("purged", UUID.randomUUID())))
                        .isGreaterThan(41);
            }
            assertThat(log.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .anyMatch(line -> line.startsWith(
                            "The sequence stream_lock_fencing_token was at 0, behind the issued token 41, and"));
        } finally {
            logger.detachAppender(log);
        }
    }
}
