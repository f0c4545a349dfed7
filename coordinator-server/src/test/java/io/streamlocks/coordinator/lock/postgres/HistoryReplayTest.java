package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jooq.Record;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * History is complete after any sequence of calls: it contains each grant once, with its end, and replaying it results
 * in the table. The sequences are random. The number in the name of a test repeats its sequence.
 */
@Tag("postgres")
class HistoryReplayTest {

    private static final int CALLS = 150;
    private static final int STREAMS = 5;
    private static final Duration TTL = Duration.ofMinutes(5);

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

    static LongStream seeds() {
        return LongStream.concat(LongStream.range(0, 40), LongStream.of(System.nanoTime()));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void replayingHistoryResultsInTheTable(long seed) {
        Run run = new Run(seed);
        for (int call = 0; call < CALLS; call++) {
            run.call();
        }
        run.streams.forEach(run::verify);
    }

    /** One sequence of calls, and their outcomes. */
    private static final class Run {
        private final Random random;
        private final List<String> streams;
        private final List<Lease> leases = new ArrayList<>();

        /** The known end of the grant of each token; null for a grant that no call ended. */
        private final Map<String, TreeMap<Long, EndReason>> granted = new HashMap<>();

        Run(long seed) {
            this.random = new Random(seed);
            String prefix = "stream-" + UUID.randomUUID() + "/";
            this.streams = IntStream.range(0, STREAMS).mapToObj(i -> prefix + i).toList();
            streams.forEach(stream -> granted.put(stream, new TreeMap<>()));
        }

        void call() {
            switch (random.nextInt(9)) {
                case 0, 1, 2 -> acquire();
                case 3, 4 -> release();
                case 5 -> renew();
                case 6 -> breakLease();
                case 7 -> database.expire(anyStream());
                default -> {
                    if (random.nextInt(4) == 0) {
                        forget(anyStream());
                    } else {
                        breakOwner();
                    }
                }
            }
        }

        private String anyStream() {
            return streams.get(random.nextInt(streams.size()));
        }

        private String anyOwner() {
            return streams.get(0) + "/owner-" + random.nextInt(3);
        }

        private List<Lease> anyLeases() {
            return leases.isEmpty()
                    ? List.of()
                    : random.ints(1 + random.nextInt(3), 0, leases.size())
                            // Late leases are chosen most often, because only they may be live.
                            .map(i -> Math.max(i, leases.size() - 1 - random.nextInt(8)))
                            .mapToObj(leases::get)
                            .toList();
        }

        private Breaking anyBreaking() {
            return new Breaking("because", "operator", Duration.ofMillis(random.nextInt(2)));
        }

        private void acquire() {
            List<AcquireRequest> requests = IntStream.range(0, 1 + random.nextInt(3))
                    .mapToObj(i -> new AcquireRequest(
                            anyStream(),
                            anyOwner(),
                            UUID.randomUUID(),
                            TTL,
                            random.nextBoolean() ? Map.of() : Map.of("n", Integer.toString(random.nextInt()))))
                    .toList();
            locks.acquire(requests).forEach(outcome -> {
                if (outcome instanceof AcquireOutcome.Granted grant) {
                    leases.add(grant.lease());
                    granted.get(grant.lease().lock().streamId())
                            .put(grant.lease().lock().fencingToken(), null);
                }
            });
        }

        private void release() {
            List<Lease> chosen = anyLeases();
            List<ReleaseOutcome> outcomes = locks.release(chosen.stream()
                    .map(lease -> new ReleaseRequest(lease.lock().streamId(), lease.leaseId()))
                    .toList());
            for (int i = 0; i < chosen.size(); i++) {
                if (outcomes.get(i) instanceof ReleaseOutcome.Released) {
                    ended(chosen.get(i).lock().streamId(), chosen.get(i).lock().fencingToken(), EndReason.RELEASED);
                }
            }
        }

        private void renew() {
            locks.renew(anyLeases().stream()
                    .map(lease -> new RenewRequest(lease.lock().streamId(), lease.leaseId(), Optional.empty()))
                    .toList());
        }

        private void breakLease() {
            List<BreakRequest> requests = IntStream.range(0, 1 + random.nextInt(2))
                    .mapToObj(i -> new BreakRequest(anyStream(), Optional.empty(), anyBreaking()))
                    .toList();
            locks.breakLeases(requests).forEach(outcome -> {
                if (outcome instanceof BreakOutcome.Broken broken) {
                    ended(broken.grant().streamId(), broken.grant().fencingToken(), EndReason.BROKEN);
                }
            });
        }

        private void breakOwner() {
            String owner = anyOwner();
            List<Grant> live = streams.stream()
                    .flatMap(stream -> history(stream).stream())
                    .filter(grant -> grant.end().isEmpty() && grant.ownerId().equals(owner))
                    .toList();
            assertThat(locks.breakOwner(owner, anyBreaking())).isEqualTo(live.size());
            live.forEach(grant -> ended(grant.streamId(), grant.fencingToken(), EndReason.BROKEN));
        }

        private void forget(String stream) {
            database.expire(stream);
            database.backdate(stream, Duration.ofHours(2));
            // The grant is backdated as well, because a lease cannot end before it begins.
            database.sql()
                    .execute(
                            "UPDATE stream_locks SET acquired_at = least(acquired_at, expires_at) WHERE stream_id = ?",
                            stream);
            locks.purge(Duration.ofHours(1));
        }

        private void ended(String stream, long token, EndReason reason) {
            granted.get(stream).putIfAbsent(token, reason);
        }

        void verify(String stream) {
            List<Grant> history = history(stream);
            assertThat(history)
                    .extracting(Grant::fencingToken)
                    .containsExactlyElementsOf(granted.get(stream).descendingKeySet());
            granted.get(stream).forEach((token, reason) -> {
                Optional<EndReason> ended = history.stream()
                        .filter(grant -> grant.fencingToken() == token)
                        .findFirst()
                        .orElseThrow()
                        .end()
                        .map(Grant.End::reason);
                if (reason == null) {
                    assertThat(ended).isNotIn(Optional.of(EndReason.RELEASED), Optional.of(EndReason.BROKEN));
                } else {
                    assertThat(ended).contains(reason);
                }
            });
            // Only the latest grant may be live, or expired without a successor.
            assertThat(history.stream().skip(1))
                    .allSatisfy(grant -> assertThat(grant.end()).isPresent());
            verifyTable(stream, history.stream().findFirst());
        }

        private void verifyTable(String stream, Optional<Grant> latest) {
            Optional<Record> row = database.sql()
                    .fetchOptional(
                            "SELECT *, expires_at > clock_timestamp() AS live FROM stream_locks WHERE stream_id = ?",
                            stream);
            if (row.isEmpty()) {
                assertThat(latest.isEmpty() || latest.get().end().isPresent()).isTrue();
                return;
            }
            Grant grant = latest.orElseThrow();
            Record table = row.get();
            assertThat(table.get("fencing_token", Long.class)).isEqualTo(grant.fencingToken());
            assertThat(table.get("acquired_at", OffsetDateTime.class).toInstant())
                    .isEqualTo(grant.acquiredAt());
            assertThat(table.get("live", Boolean.class)).isEqualTo(grant.end().isEmpty());
            grant.end().ifPresent(end -> {
                assertThat(table.get("expires_at", OffsetDateTime.class).toInstant())
                        .isEqualTo(end.at());
                boolean byItself = end.reason() == EndReason.EXPIRED;
                assertThat(table.get("owner_id", String.class)).isEqualTo(byItself ? grant.ownerId() : null);
            });
            if (grant.end().isEmpty()) {
                assertThat(table.get("owner_id", String.class)).isEqualTo(grant.ownerId());
            }
            Instant asked = grant.acquiredAt();
            assertThat(locks.reads().history(new StreamHistoryQuery(stream, Optional.of(asked), Long.MAX_VALUE, 10))
                            .grants())
                    .allSatisfy(held -> assertThat(held.fencingToken()).isLessThanOrEqualTo(grant.fencingToken()));
        }

        private List<Grant> history(String stream) {
            return locks.reads().history(new StreamHistoryQuery(stream, Optional.empty(), Long.MAX_VALUE, 1000))
                    .grants();
        }
    }
}
