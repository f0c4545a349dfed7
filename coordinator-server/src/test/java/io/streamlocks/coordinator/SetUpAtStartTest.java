package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.database.PostgresStorage;
import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("postgres")
class SetUpAtStartTest {

    @RegisterExtension
    private final CapturedLog log = new CapturedLog(PostgresStorage.class.getPackageName());

    @Test
    void aServerLogsHowItsDatabaseIsSetUpBeforeItIsReadyAndServesAllTheSame() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator = TestCoordinator.onPostgres(database.url())) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            assertThat(log.from(Level.INFO))
                    .hasSize(2)
                    .allSatisfy(line -> assertThat(line).startsWith("[WARN] PostgreSQL at postgres://localhost:"))
                    .satisfiesExactly(line -> assertThat(line).contains("fsync is off"), line -> assertThat(line)
                            .contains("synchronous_commit is off"));
        }
    }
}
