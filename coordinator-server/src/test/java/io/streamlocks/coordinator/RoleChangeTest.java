package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.coordinator.database.StaleConnections;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tests connections that take no writes, because their server is no longer the primary. */
@Tag("postgres")
class RoleChangeTest {

    private static final Logger LOG = LoggerFactory.getLogger(RoleChangeTest.class);
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int CONNECTIONS = 12;

    @Test
    void afterARoleChangeThatBreaksNoConnectionTheNewPrimaryIsUsed() throws Exception {
        try (PostgresPair postgres = new PostgresPair();
                Coordinator coordinator = TestCoordinator.onPostgres(postgres.url())) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            UUID leaseId = UUID.randomUUID();
            long token = HttpCalls.fencingToken(calls.acquire("a", leaseId));
            postgres.awaitStandby();

            postgres.primary().execute("ALTER SYSTEM SET default_transaction_read_only = on");
            postgres.primary().execute("SELECT pg_reload_conf()");
            postgres.standby().execute("SELECT pg_promote()");

            long promotedAt = System.nanoTime();
            await().atMost(SOON).until(() -> calls.renew("a", leaseId).statusCode() == 200);
            LOG.info(
                    "The first call was served {} ms after the promotion",
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - promotedAt));
            assertThat(HttpCalls.fencingToken(calls.renew("a", leaseId))).isEqualTo(token);
            assertThat(postgres.standby()
                            .fetchSingle(
                                    "SELECT expires_at > clock_timestamp() FROM stream_locks WHERE stream_id = 'a'")
                            .get(0, Boolean.class))
                    .isTrue();
        }
    }

    @Test
    void aConnectionThatTakesNoWritesFailsOneCallAndIsReplacedWithAllOldOnes() throws Exception {
        try (TestDatabase database = TestDatabase.migrated();
                HikariDataSource pool = pool(database)) {
            PostgresLockManager locks = new PostgresLockManager(pool, pool, new StaleConnections(pool));
            List<Integer> old = oneOfThemStale(pool);

            int failed = 0;
            // Each call gets the connection that was returned last.
            for (int i = 0; i < 2 * CONNECTIONS; i++) {
                try {
                    assertThat(locks.acquire(List.of(new AcquireRequest(
                                    "stream-" + i, "alice", UUID.randomUUID(), Duration.ofSeconds(30)))))
                            .singleElement()
                            .isInstanceOf(AcquireOutcome.Granted.class);
                } catch (StorageUnavailableException e) {
                    failed++;
                }
            }
            assertThat(failed).isEqualTo(1);
            await().atMost(SOON).untilAsserted(() -> assertThat(database.sql()
                            .fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
                            .getValues(0, Integer.class))
                    .doesNotContainAnyElementsOf(old));
        }
    }

    /** Readiness probes find such connections without a call. */
    @Test
    void aProbeReplacesConnectionsThatTakeNoWrites() throws Exception {
        try (TestDatabase database = TestDatabase.migrated();
                HikariDataSource pool = pool(database)) {
            PostgresLockManager locks = new PostgresLockManager(pool, pool, new StaleConnections(pool));
            try (Connection connection = pool.getConnection()) {
                connection.createStatement().execute("SET default_transaction_read_only = on");
            }
            await().atMost(SOON)
                    .ignoreExceptionsInstanceOf(StorageUnavailableException.class)
                    .until(() -> {
                        locks.verifyWritable();
                        return true;
                    });
        }
    }

    private static HikariDataSource pool(TestDatabase database) {
        HikariConfig hikari = new HikariConfig();
        hikari.setDataSource(DatabaseUrl.parse(database.url()).dataSource());
        hikari.setMaximumPoolSize(CONNECTIONS);
        hikari.setMinimumIdle(1);
        return new HikariDataSource(hikari);
    }

    /** Fills the pool. The session of the connection that is used next takes no writes. */
    private static List<Integer> oneOfThemStale(HikariDataSource pool) throws Exception {
        List<Connection> all = new ArrayList<>();
        List<Integer> pids = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            Connection connection = pool.getConnection();
            all.add(connection);
            pids.add(connection.unwrap(PGConnection.class).getBackendPID());
        }
        for (int i = 1; i < CONNECTIONS; i++) {
            all.get(i).close();
        }
        all.get(0).createStatement().execute("SET default_transaction_read_only = on");
        all.get(0).close();
        return pids;
    }
}
