package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.PostgresServer;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that tokens rise after the database was restored from a backup. */
@Tag("postgres")
@Tag("drill")
class RestoreDrillTest {

    private static final String DATABASE = "postgres";

    @Test
    void afterARestoreTokensRise() throws Exception {
        try (PostgresServer postgres = PostgresServer.builder().start()) {
            long beforeTheBackup = grant(postgres);
            postgres.stop();
            Path backup = postgres.backUp();
            postgres.start();
            long afterTheBackup = grant(postgres);
            assertThat(afterTheBackup).isGreaterThan(beforeTheBackup);
            for (int i = 0; i < 3; i++) {
                postgres.stop();
                postgres.restore(backup);
                postgres.start();
                long next = grant(postgres);
                assertThat(next).isGreaterThan(afterTheBackup);
                afterTheBackup = next;
            }
            // The result is far from the end of the sequence, so this can be repeated without limit.
            assertThat(afterTheBackup).isLessThan((1L << 53) / 4);
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
