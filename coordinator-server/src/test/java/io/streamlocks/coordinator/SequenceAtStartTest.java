package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.database.PostgresStorage;
import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("postgres")
class SequenceAtStartTest {

    @Test
    void aServerRaisesASequenceThatIsBehindBeforeItIsReadyAndLogsThat() throws Exception {
        try (CapturedLog log = new CapturedLog(PostgresStorage.class);
                TestDatabase database = TestDatabase.migrated()) {
            // A logical copy has the rows and a sequence that starts again.
            database.sql()
                    .execute(
                            "INSERT INTO stream_lock_history VALUES ('purged', 'a', 41, NULL, now(), now(), 'released')");
            try (Coordinator coordinator = TestCoordinator.onPostgres(database.url())) {
                coordinator.ready().get(30, TimeUnit.SECONDS);
                HttpCalls calls = HttpCalls.to(coordinator);
                assertThat(HttpCalls.fencingToken(calls.acquire("purged", UUID.randomUUID())))
                        .isGreaterThan(41);
            }
            assertThat(log.messages())
                    .anyMatch(line -> line.startsWith(
                            "The sequence stream_lock_fencing_token was at 0, behind the issued token 41, and"));
        }
    }
}
