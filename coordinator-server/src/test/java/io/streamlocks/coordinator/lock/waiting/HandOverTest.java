package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.group.Delay;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.group.ManualGroupCommit;
import io.streamlocks.coordinator.lock.group.StatementObserver;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.contract.SilentHandOvers;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** Calls that wait at servers on one database. */
@Tag("postgres")
class HandOverTest {

    private static final Duration TTL = Duration.ofSeconds(60);
    private static final Duration WAIT = Duration.ofSeconds(20);

    /** {@code -Dqueue.runs=1000} makes it a thousand. */
    private static final int RUNS = Integer.getInteger("queue.runs", 20);

    private final TestDatabase database = TestDatabase.migrated();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final LockManager holders = new PostgresLockManager(database.pool());
    private final String stream = "stream-" + UUID.randomUUID();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        database.close();
    }

    private WaitingRoom server() {
        LockManager storage = new PostgresLockManager(database.pool());
        return server(storage, storage.handOvers());
    }

    private WaitingRoom server(LockManager storage, HandOvers handOvers) {
        GroupCommit locks = new GroupCommit(storage, Runnable::run, StatementObserver.NONE);
        WaitingRoom room = new WaitingRoom(locks, storage, handOvers, OptionalInt.empty(), WaitObserver.NONE);
        open.add(room);
        open.add(locks);
        return room;
    }

    private AcquireRequest request(String ownerId) {
        return new AcquireRequest(stream, ownerId, UUID.randomUUID(), TTL);
    }

    private Lease grant(String ownerId) {
        return granted(holders.acquire(List.of(request(ownerId))).get(0));
    }

    private static Lease granted(AcquireOutcome outcome) {
        assertThat(outcome).isInstanceOf(AcquireOutcome.Granted.class);
        return ((AcquireOutcome.Granted) outcome).lease();
    }

    private void release(Lease lease) {
        holders.release(List.of(new ReleaseRequest(lease.lock().streamId(), lease.leaseId())));
    }

    private static CompletableFuture<Lease> call(WaitingRoom at, AcquireRequest request) {
        return at.acquire("caller", List.of(request), WAIT, onClosed -> {})
                .thenApply(outcomes -> granted(outcomes.get(0)));
    }

    private void awaitPlaces(int places) {
        await().until(() -> holders.reads().waiters(stream).size() == places);
    }

    // Order

    /** Every third waiter waits with a batch. Nobody overtakes, at no moment. */
    @Test
    void twelveWaitersAtTwoServersAreServedInTheOrderOfTheirArrival() throws Exception {
        List<WaitingRoom> servers = List.of(server(), server());
        String held = "held-" + UUID.randomUUID();
        granted(holders.acquire(List.of(request(held, "holder"))).get(0));
        for (int run = 0; run < RUNS; run++) {
            String awaited = "awaited-" + UUID.randomUUID();
            Lease lease =
                    granted(holders.acquire(List.of(request(awaited, "holder"))).get(0));
            List<CompletableFuture<Lease>> calls = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                AcquireRequest request = request(awaited, "waiter-" + i);
                List<AcquireRequest> all =
                        i % 3 == 0 ? List.of(request, request(held, "waiter-" + i)) : List.of(request);
                calls.add(servers.get(i % 2)
                        .acquire("caller-" + i, all, WAIT, onClosed -> {})
                        .thenApply(outcomes -> granted(outcomes.get(0))));
                while (holders.reads().waiters(awaited).size() <= i) {
                    Thread.onSpinWait();
                }
            }
            for (int i = 0; i < 12; i++) {
                release(lease);
                AcquireRequest overtaker = request(awaited, "overtaker");
                assertThat(holders.acquire(List.of(overtaker)).get(0)).isNotInstanceOf(AcquireOutcome.Granted.class);
                lease = calls.get(i).get(10, TimeUnit.SECONDS);
                assertThat(lease.lock().ownerId()).as("in run %s", run).isEqualTo("waiter-" + i);
                assertThat(calls.subList(i + 1, 12)).noneMatch(CompletableFuture::isDone);
            }
            release(lease);
        }
    }

    private static AcquireRequest request(String streamId, String ownerId) {
        return new AcquireRequest(streamId, ownerId, UUID.randomUUID(), TTL);
    }

    // How a server finds out

    @Test
    void aNotificationWakesTheServerThatHasTheCall() throws Exception {
        LockManager storage = new PostgresLockManager(database.pool());
        WaitingRoom room = serverWithoutTimers(storage);
        Lease lease = grant("alice");
        CompletableFuture<Lease> bob = call(room, request("bob"));
        await().until(storage.handOvers()::areReported);
        awaitPlaces(1);
        release(lease);
        assertThat(bob.get(10, TimeUnit.SECONDS).lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aReleaseAtTheServerThatHasTheCallFindsTheGrantWithoutANotification() throws Exception {
        DataSource unreachable = new PGSimpleDataSource();
        PostgresLockManager storage = new PostgresLockManager(database.pool(), unreachable, () -> {});
        WaitingRoom room = serverWithoutTimers(storage);
        Lease lease = grant("alice");
        CompletableFuture<Lease> bob = call(room, request("bob"));
        awaitPlaces(1);
        storage.release(
                List.of(new ReleaseRequest(stream, lease.leaseId()), new ReleaseRequest("another", UUID.randomUUID())));
        assertThat(bob.get(10, TimeUnit.SECONDS).lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aReleaseAtAServerThatHasACallNotifiesTheServersThatHaveTheOthers() throws Exception {
        LockManager storage = new PostgresLockManager(database.pool());
        LockManager other = new PostgresLockManager(database.pool());
        WaitingRoom room = serverWithoutTimers(storage);
        WaitingRoom roomOfOther = serverWithoutTimers(other);
        Lease lease = grant("alice");
        CompletableFuture<Lease> bob = call(roomOfOther, request("bob"));
        awaitPlaces(1);
        CompletableFuture<Lease> carol = call(room, request("carol"));
        awaitPlaces(2);
        await().until(other.handOvers()::areReported);
        storage.release(List.of(new ReleaseRequest(stream, lease.leaseId())));
        assertThat(bob.get(10, TimeUnit.SECONDS).lock().ownerId()).isEqualTo("bob");
        assertThat(carol).isNotDone();
    }

    /** Returns a server that looks at a stream only when it is told to. */
    private WaitingRoom serverWithoutTimers(LockManager storage) {
        GroupCommit locks = new GroupCommit(storage, Runnable::run, StatementObserver.NONE);
        open.add(locks);
        Delay never = (task, ms) -> {};
        WaitingRoom room = new WaitingRoom(
                locks,
                storage,
                storage.handOvers(),
                OptionalInt.empty(),
                WaitObserver.NONE,
                Runnable::run,
                never,
                System::nanoTime);
        open.add(room);
        return room;
    }

    @Test
    void aServerBehindAPoolerThatDropsNotificationsGrantsAllTheSame() throws Exception {
        Lease lease = grant("alice");
        CompletableFuture<Lease> bob =
                call(server(new PostgresLockManager(database.pool()), new SilentHandOvers()), request("bob"));
        awaitPlaces(1);
        release(lease);
        assertThat(bob.get(10, TimeUnit.SECONDS).lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aNotificationThatIsLostWhileOthersArriveDelaysAGrantAndDoesNotPreventIt() throws Exception {
        HandOvers deaf = new HandOvers() {
            @Override
            public void listen(Listener listener) {
                // It never reports anything.
            }

            @Override
            public boolean areReported() {
                return true;
            }

            @Override
            public void close() {
                // There is nothing to end.
            }
        };
        Lease lease = grant("alice");
        CompletableFuture<Lease> bob = call(server(new PostgresLockManager(database.pool()), deaf), request("bob"));
        awaitPlaces(1);
        release(lease);
        assertThat(bob.get(10, TimeUnit.SECONDS).lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aServerListensAgainAfterItsConnectionHasEnded() throws Exception {
        LockManager storage = new PostgresLockManager(database.pool());
        AtomicInteger lost = new AtomicInteger();
        HandOvers handOvers = storage.handOvers();
        open.add(handOvers);
        handOvers.listen(countingLosses(lost));
        await().until(handOvers::areReported);
        int before = lost.get();
        database.sql()
                .fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
        await().until(() -> lost.get() > before && handOvers.areReported());
    }

    @Test
    void aServerContinuesToListenAfterANotificationThatItDoesNotUnderstand() {
        HandOvers handOvers = new PostgresLockManager(database.pool()).handOvers();
        open.add(handOvers);
        AtomicInteger lost = new AtomicInteger();
        handOvers.listen(countingLosses(lost));
        await().until(handOvers::areReported);
        int before = lost.get();
        database.sql()
                .fetch("SELECT pg_notify(substring(query FROM 'LISTEN \"(.*)\"'), 'nonsense') FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
        await().until(() -> lost.get() > before && handOvers.areReported());
    }

    @Test
    @Tag("slow")
    void aServerConnectsAgainWhenNotificationsDoNotArrive() {
        try (TestDatabase elsewhere = TestDatabase.empty()) {
            AtomicInteger connections = new AtomicInteger();
            // PostgreSQL delivers a notification only within its database.
            DataSource first =
                    new RoutedDataSource(() -> connections.getAndIncrement() == 0 ? elsewhere.pool() : database.pool());
            HandOvers handOvers = new PostgresLockManager(database.pool(), first, () -> {}).handOvers();
            open.add(handOvers);
            handOvers.listen(countingLosses(new AtomicInteger()));
            await().atMost(Duration.ofSeconds(20)).until(handOvers::areReported);
            assertThat(connections).hasValue(2);
        }
    }

    private static HandOvers.Listener countingLosses(AtomicInteger lost) {
        return new HandOvers.Listener() {
            @Override
            public void handedOver(String streamId, long fencingToken) {
                // Nobody waits.
            }

            @Override
            public void reportsLost() {
                lost.incrementAndGet();
            }
        };
    }

    // How many statements it takes

    @ParameterizedTest
    @ValueSource(ints = {20, 1000})
    void aHandOverTakesAsManyStatementsHoweverLongTheQueueIs(int waiters) {
        CountedStatements statements = new CountedStatements();
        LockManager storage = new PostgresLockManager(statements.of(database.pool()));
        ManualTime time = new ManualTime();
        ToldHandOvers told = new ToldHandOvers();
        WaitingRoom room = new WaitingRoom(
                ManualGroupCommit.create(storage, time::nanoTime, time, time),
                storage,
                told,
                OptionalInt.empty(),
                WaitObserver.NONE,
                time,
                time,
                time::nanoTime);
        Lease lease = grant("alice");
        List<CompletableFuture<Lease>> calls = IntStream.range(0, waiters)
                .mapToObj(i -> call(room, request("w" + i)))
                .toList();
        time.settle();
        assertThat(holders.reads().waiters(stream)).hasSize(waiters);

        int before = statements.count();
        storage.release(List.of(new ReleaseRequest(stream, lease.leaseId())));
        told.listener.handedOver(stream, Long.MAX_VALUE);
        time.settle();
        assertThat(calls.get(0)).isCompleted();
        assertThat(statements.count() - before).as("the release and a look").isEqualTo(2);

        database.expire(stream);
        before = statements.count();
        time.pass(Duration.ofMillis(AwaitedStreams.LOOK_MS));
        assertThat(calls.get(1)).isCompleted();
        assertThat(calls.get(2)).isNotDone();
        assertThat(statements.count() - before)
                .as("a look, an advance and a look")
                .isEqualTo(3);

        before = statements.count();
        time.pass(Duration.ofMillis(AwaitedStreams.LOOK_MS * 10));
        assertThat(statements.count() - before)
                .as("ten looks and two searches for lost places")
                .isEqualTo(12);
    }

    private static final class ToldHandOvers implements HandOvers {
        private Listener listener;

        @Override
        public void listen(Listener informed) {
            listener = informed;
        }

        @Override
        public boolean areReported() {
            return true;
        }

        @Override
        public void close() {
            listener = null;
        }
    }

    // Everything at once

    @Test
    void twoServersServeAllCallsInTheOrderOfTheirTickets() throws Exception {
        List<WaitingRoom> servers = List.of(server(), server());
        Lease lease = grant("alice");
        List<CompletableFuture<Void>> calls = IntStream.range(0, 60)
                .mapToObj(i -> call(servers.get(i % 2), request("w" + i)).thenAccept(this::release))
                .toList();
        awaitPlaces(60);
        List<String> tickets = database.sql()
                .fetch("SELECT owner_id FROM stream_lock_waiters ORDER BY ticket")
                .map(row -> row.get(0, String.class));
        release(lease);
        for (CompletableFuture<Void> call : calls) {
            call.get(30, TimeUnit.SECONDS);
        }
        List<String> expected = new ArrayList<>(List.of("alice"));
        expected.addAll(tickets);
        await().untilAsserted(() -> assertThat(database.sql()
                        .fetch("SELECT owner_id FROM stream_lock_history ORDER BY fencing_token")
                        .map(row -> row.get(0, String.class)))
                .containsExactlyElementsOf(expected));
    }
}
