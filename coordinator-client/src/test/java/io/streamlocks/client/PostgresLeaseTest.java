package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The client's leases where PostgreSQL keeps them, with two servers on one database. */
@Tag("postgres")
class PostgresLeaseTest {

    @AutoClose
    private final TestDatabase database = TestDatabase.migrated();

    private final TestServer one = new TestServer(new PostgresLockManager(database.pool()));
    private final TestServer two = new TestServer(new PostgresLockManager(database.pool()));
    private final String stream = "stream-" + UUID.randomUUID();

    @Test
    void aLeaseIsExclusiveAcrossServersAndGoesOnWithAHigherToken() {
        try (one;
                two;
                StreamLockClient here = client(one);
                StreamLockClient there = client(two)) {
            HeldLease first = here.tryAcquire(stream).orElseThrow();
            assertThat(there.tryAcquire(stream)).isEmpty();
            first.close();
            HeldLease second = there.tryAcquire(stream).orElseThrow();
            assertThat(second.fencingToken()).isGreaterThan(first.fencingToken());
            assertThat(here.tryAcquire(stream)).isEmpty();
        }
    }

    @Test
    void aHolderLearnsThatItsLeaseRanOutAndWasTakenOver() {
        try (one;
                two;
                StreamLockClient here = client(one);
                StreamLockClient there = client(two)) {
            HeldLease lease = here.tryAcquire(stream).orElseThrow();
            List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
            lease.onLost(losses::add);
            database.expire(stream);
            await().until(() -> !losses.isEmpty());
            assertThat(losses).extracting(LeaseLoss::reason).containsExactly(LossReason.EXPIRED);
            assertThat(there.tryAcquire(stream).orElseThrow().fencingToken()).isGreaterThan(lease.fencingToken());
        }
    }

    @Test
    void renewalsMoveTheEndAndKeepTheToken() {
        try (one;
                two;
                StreamLockClient here = client(one)) {
            HeldLease lease = here.tryAcquire(stream).orElseThrow();
            long token = lease.fencingToken();
            long safeUntil = lease.safeUntilNanos();
            await().until(() -> lease.safeUntilNanos() > safeUntil);
            assertThat(two.locks().find(stream).orElseThrow().fencingToken()).isEqualTo(token);
        }
    }

    @Test
    void closingTheClientReleasesAll() {
        try (one;
                two) {
            StreamLockClient here = client(one);
            IntStream.range(0, 50).forEach(i -> here.tryAcquire(stream + i).orElseThrow());
            here.close();
            assertThat(two.locks().find(stream + 0)).isEmpty();
            assertThat(two.locks().find(stream + 49)).isEmpty();
        }
    }

    private static StreamLockClient client(TestServer server) {
        return StreamLockClient.builder(server.uri())
                .ttl(Duration.ofSeconds(30))
                .heartbeatInterval(Duration.ofMillis(200))
                .build();
    }
}
