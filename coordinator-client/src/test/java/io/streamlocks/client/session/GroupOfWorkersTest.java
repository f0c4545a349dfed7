package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.RewritingProxy;
import io.streamlocks.client.TestServer;
import io.streamlocks.client.session.GroupOfWorkers.Worker;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests workers that share streams by a group, at a real coordinator. */
@Timeout(120)
class GroupOfWorkersTest {

    private static final Duration TTL = Duration.ofSeconds(2);
    private static final int ROOM = 1000;

    private final MemoryLockManager storage = new MemoryLockManager(new MonotonicClock(), true);

    @AutoClose
    private final TestServer server = new TestServer(storage);

    private GroupOfWorkers group(int streams) {
        return new GroupOfWorkers(server.uri(), "orders", TTL, streams);
    }

    /** Waits until the counts are even. */
    private static void settle(GroupOfWorkers group, int fewestMoves) {
        int before = group.opened();
        await().atMost(Duration.ofSeconds(30)).until(group::isEven);
        assertThat(group.opened() - before).isBetween(fewestMoves, (int) (1.05 * fewestMoves) + 1);
        assertThat(group.mistakes()).isEmpty();
    }

    private List<String> members() {
        Optional<Group> found = storage.group(groups -> groups.find("orders"));
        return found.stream()
                .flatMap(group -> group.members().stream())
                .map(Member::ownerId)
                .toList();
    }

    @Test
    @Tag("slow")
    void streamsMoveWhenWorkersComeAndGo() {
        try (GroupOfWorkers group = group(60)) {
            group.add(ROOM);
            settle(group, 60);
            group.add(ROOM);
            settle(group, 30);
            group.add(ROOM);
            group.add(ROOM);
            settle(group, 30);
            assertThat(group.prepared()).isNotEmpty();
            Worker stopped = group.workers().get(1);
            int held = stopped.held();
            stopped.close();
            settle(group, held);
            for (int i = 0; i < 7; i++) {
                group.add(ROOM);
            }
            settle(group, 42);
        }
    }

    @Test
    void aWorkerWithLittleRoomIsFilledAndTheOthersShareTheRest() {
        try (GroupOfWorkers group = group(12)) {
            Worker small = group.add(2);
            Worker one = group.add(ROOM);
            Worker other = group.add(ROOM);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> small.held() == 2 && one.held() == 5 && other.held() == 5);
            assertThat(group.mistakes()).isEmpty();
        }
    }

    @Test
    void aWorkerWithoutAGroupTakesPartWithoutHarm() {
        try (GroupOfWorkers group = group(12)) {
            Worker single = group.addWithoutGroup(4);
            await().atMost(Duration.ofSeconds(30)).until(() -> single.held() == 4);
            Worker one = group.add(ROOM);
            await().atMost(Duration.ofSeconds(30)).until(() -> one.held() == 8);
            Worker other = group.add(ROOM);
            // The group has events for 12 streams, so the share of each is 6. One of them hands nothing over below it.
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> single.held() == 4 && one.held() == 6 && other.held() == 2);
            single.close();
            await().atMost(Duration.ofSeconds(30)).until(group::isEven);
            assertThat(group.mistakes()).isEmpty();
        }
    }

    @Test
    void aWorkerThatStopsIsNoMemberAnyMoreAndHasReleasedAll() {
        try (GroupOfWorkers group = group(6)) {
            Worker one = group.add(ROOM);
            settle(group, 6);
            Worker other = group.add(ROOM);
            settle(group, 3);
            one.close();
            assertThat(members()).containsExactly(other.ownerId());
            settle(group, 3);
        }
        assertThat(members()).isEmpty();
        assertThat(IntStream.range(0, 6).mapToObj(i -> storage.find("orders/" + i)))
                .allMatch(Optional::isEmpty);
    }

    @Test
    void aNewStreamIsTakenAlthoughAllWorkersHaveTheirShareOfIdleOnes() {
        try (GroupOfWorkers group = group(9)) {
            group.eventsOnlyOf(streamId -> !streamId.equals("orders/8"));
            group.add(ROOM);
            group.add(ROOM);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> group.workers().stream().allMatch(worker -> worker.held() == 4));
            group.eventsOnlyOf(streamId -> streamId.equals("orders/8"));
            await().atMost(Duration.ofSeconds(30)).until(() -> group.isHeld("orders/8"));
        }
    }

    @Test
    void aClientThatIsClosedFirstLeavesNoSessionBehind() {
        try (GroupOfWorkers group = group(4)) {
            Worker worker = group.add(ROOM);
            settle(group, 4);
            worker.closeInTheWrongOrder();
            assertThat(group.isHeld("orders/0")).isFalse();
        }
    }

    @Test
    void aPlaceIsKeptWhileItsGrantIsOnItsWay() throws Exception {
        CountDownLatch triedAgain = new CountDownLatch(1);
        Map<String, Long> granted = new ConcurrentHashMap<>();
        try (RewritingProxy proxy = new RewritingProxy(server.uri());
                GroupOfWorkers group = group(4)) {
            proxy.changeAnswers(answer -> {
                // A try of the second worker finds that the worker holds the stream itself.
                if (answer.contains("\"holder\":{\"ownerId\":\"worker-2\"") && triedAgain.getCount() > 0) {
                    granted.putAll(tokensOf("worker-2"));
                    triedAgain.countDown();
                } else if (answer.contains("\"fencingToken\"") && answer.contains("\"leaseId\"")) {
                    awaitDone(triedAgain);
                }
                return answer;
            });
            group.add(ROOM);
            settle(group, 4);
            group.addBehind(proxy.uri(), ROOM);
            settle(group, 2);
            // It has not given them up, only to acquire them again.
            assertThat(granted).isNotEmpty();
            assertThat(tokensOf("worker-2")).containsAllEntriesOf(granted);
        }
    }

    private Map<String, Long> tokensOf(String ownerId) {
        return IntStream.range(0, 4)
                .mapToObj(i -> storage.find("orders/" + i))
                .flatMap(Optional::stream)
                .filter(lock -> lock.ownerId().equals(ownerId))
                .collect(Collectors.toMap(Lock::streamId, Lock::fencingToken));
    }

    private static void awaitDone(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aServerThatRefusesReportsLetsAWorkerTakeTheFreeStreams() throws Exception {
        // The proxy decodes the path, so the group is not found.
        try (RewritingProxy proxy = new RewritingProxy(server.uri());
                GroupOfWorkers group = new GroupOfWorkers(proxy.uri(), "orders/eu", TTL, 4)) {
            group.add(ROOM);
            settle(group, 4);
        }
    }

    @Test
    void aWorkerWithoutStreamsLeavesTheGroupAndJoinsWithItsNextEvent() {
        try (GroupOfWorkers group = group(4)) {
            Worker worker = group.add(ROOM);
            settle(group, 4);
            group.eventsOnlyOf(streamId -> false);
            group.workers().forEach(Worker::endSessions);
            await().atMost(Duration.ofSeconds(30)).until(() -> members().isEmpty());
            group.eventsOnlyOf(streamId -> true);
            await().atMost(Duration.ofSeconds(30)).until(group::isEven);
            assertThat(members()).containsExactly(worker.ownerId());
        }
    }
}
