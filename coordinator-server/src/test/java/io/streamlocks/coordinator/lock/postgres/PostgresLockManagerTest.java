package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

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

@Tag("postgres")
class PostgresLockManagerTest extends LockManagerContract
        implements OwnerPrefixContract, QueueContract, PlaceContract, GroupLimitContract, TimeByTestDatabase {

    private static TestDatabase database;
    private static LockManager locks;

    @BeforeAll
    static void migrate() {
        database = TestDatabase.migrated();
        locks = new PostgresLockManager(database.pool());
    }

    @AfterAll
    static void close() {
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
