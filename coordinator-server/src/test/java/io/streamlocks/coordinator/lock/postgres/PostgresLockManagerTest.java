package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.TwoRoles;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.testkit.contract.GroupLimitContract;
import io.streamlocks.testkit.contract.LockManagerContract;
import io.streamlocks.testkit.contract.OwnerPrefixContract;
import io.streamlocks.testkit.contract.PlaceContract;
import io.streamlocks.testkit.contract.QueueContract;
import io.streamlocks.testkit.contract.TimeByTestDatabase;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs the contract as a role that has only the rights of docs/operations.md, "Two roles". */
@Tag("postgres")
class PostgresLockManagerTest extends LockManagerContract
        implements OwnerPrefixContract, QueueContract, PlaceContract, GroupLimitContract, TimeByTestDatabase {

    private static TestDatabase database;
    private static TwoRoles roles;
    private static HikariDataSource pool;
    private static LockManager locks;

    @BeforeAll
    static void migrate() throws Exception {
        database = TestDatabase.empty();
        roles = TwoRoles.create(database, "public");
        database.migrateTo("latest", TwoRoles.OWNER);
        roles.grant();
        pool = database.poolAs(TwoRoles.SERVERS);
        locks = new PostgresLockManager(pool);
    }

    @AfterAll
    static void close() {
        pool.close();
        roles.close();
        database.close();
    }

    @Override
    public void agePlaces(String streamId, Duration by) {
        TimeByTestDatabase.super.agePlaces(streamId, by);
    }

    @Override
    public LockManager locks() {
        return locks;
    }

    @Override
    public TestDatabase database() {
        return database;
    }

    @Test
    void theSessionsTimeZoneIsNotThatOfTheJvm() {
        String zone = database.sql().fetchSingle("SHOW TIME ZONE").get(0, String.class);
        OffsetDateTime now = OffsetDateTime.now();
        assertThat(ZoneId.of(zone).getRules().getOffset(now.toInstant()))
                .isNotEqualTo(ZoneId.systemDefault().getRules().getOffset(now.toInstant()));
    }
}
