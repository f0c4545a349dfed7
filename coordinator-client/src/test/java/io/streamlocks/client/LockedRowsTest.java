package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests workers whose rows another transaction has locked, and workers beside them, on a real PostgreSQL. */
@Tag("postgres")
@Tag("slow")
class LockedRowsTest {

    private static final Duration TTL = Duration.ofSeconds(3);
    private static final int LEASES_EACH = 5;

    private final String prefix = "s-" + UUID.randomUUID() + "-";
    private final TestDatabase database = TestDatabase.migrated();
    private final TestServer server = new TestServer(new PostgresLockManager(database.pool()));
    private final List<Worker> workers = new ArrayList<>();

    /** A client with leases that counts its renewals. */
    private final class Worker {
        private final AtomicInteger beats = new AtomicInteger();
        private final StreamLockClient client = StreamLockClient.builder(server.uri())
                .ttl(TTL)
                .listener(new StreamLockListener() {
                    @Override
                    public void renewed(int leases, Duration took) {
                        beats.incrementAndGet();
                    }
                })
                .build();
        private final List<HeldLease> leases;

        Worker(String name) {
            leases = IntStream.range(0, LEASES_EACH)
                    .mapToObj(i -> client.tryAcquire(prefix + name + i).orElseThrow())
                    .toList();
            workers.add(this);
        }
    }

    private List<Worker> victims;
    private List<Worker> healthy;

    @BeforeEach
    void start() {
        victims = Stream.of("a", "b", "c", "d").map(Worker::new).toList();
        healthy = Stream.of("x", "y", "z").map(Worker::new).toList();
    }

    @AfterEach
    void stop() {
        workers.forEach(worker -> worker.client.close());
        server.close();
        database.close();
    }

    @Test
    void aWorkerLosesOnlyTheLeasesWhoseRowsAreLocked() throws Exception {
        try (Connection foreign = database.pool().getConnection()) {
            foreign.setAutoCommit(false);
            for (Worker victim : victims) {
                DSL.using(foreign)
                        .execute(
                                "SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE",
                                victim.leases.get(2).streamId());
            }
            await().until(() -> victims.stream()
                    .allMatch(victim -> victim.leases.get(2).loss().isPresent()));
            // This waits for two more of their beats, so that late renewals are counted.
            workers.forEach(worker -> {
                int before = worker.beats.get();
                await().until(() -> worker.beats.get() >= before + 2);
            });
            foreign.rollback();
        }
        assertThat(healthy).allSatisfy(worker -> assertThat(worker.leases).allMatch(HeldLease::isSafe));
        assertThat(victims).allSatisfy(victim -> {
            assertThat(victim.leases.get(2).loss().orElseThrow().reason()).isEqualTo(LossReason.UNCONFIRMED);
            assertThat(victim.leases).filteredOn(HeldLease::isSafe).hasSize(LEASES_EACH - 1);
        });
    }
}
