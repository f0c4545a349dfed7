package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.PostgresServer;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests the steps of docs/operations.md after the database was restored from a backup, and what happens without them.
 */
@Tag("postgres")
@Tag("drill")
class RestoreDrillTest {

    private static final String DATABASE = "postgres";

    @Test
    void afterARestoreTokensFallUnlessTheSequenceIsBroughtAhead() throws Exception {
        try (PostgresServer postgres = PostgresServer.builder().start()) {
            long beforeTheBackup = grant(postgres);
            postgres.stop();
            Path backup = postgres.backUp();
            postgres.start();
            long afterTheBackup = grant(postgres);
            assertThat(afterTheBackup).isGreaterThan(beforeTheBackup);

            postgres.stop();
            postgres.restore(backup);
            postgres.start();
            assertThat(grant(postgres))
                    .as("the control: the grant's token comes again")
                    .isEqualTo(afterTheBackup);

            postgres.stop();
            postgres.restore(backup);
            postgres.start();
            for (String statement : Runbook.sql("Bring the sequence ahead")) {
                postgres.sql(DATABASE).execute(statement);
            }
            assertThat(grant(postgres)).isGreaterThan(afterTheBackup);

            long last = postgres.sql(DATABASE)
                    .fetchSingle("SELECT last_value FROM stream_lock_fencing_token")
                    .get(0, Long.class);
            for (String statement : Runbook.sql("Bring the sequence ahead")) {
                postgres.sql(DATABASE).execute(statement);
            }
            assertThat(grant(postgres)).as("done twice, it never leads back").isGreaterThan(last);
            // The result is far from the end of the sequence, so the step can be repeated without limit.
            assertThat(grant(postgres)).isLessThan((1L << 53) / 4);
        }
    }

    /** Grants the same stream once with a new coordinator, releases it, and returns the token. */
    private static long grant(PostgresServer postgres) throws Exception {
        try (Coordinator coordinator = TestCoordinator.onPostgres(postgres.url(DATABASE))) {
            coordinator.ready().get(15, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            UUID leaseId = UUID.randomUUID();
            long token = HttpCalls.fencingToken(calls.acquire("orders", leaseId));
            assertThat(calls.release("orders", leaseId).statusCode()).isEqualTo(204);
            return token;
        }
    }
}
