package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.restassured.response.Response;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.Waiter;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

/** Tests what the console shows of the queues of streams. */
class ConsoleQueueTest extends ConsoleFixture {

    @Test
    void theTableShowsHowManyWorkersWaitForEachStream() {
        acquire("orders/eu", "worker-1");
        acquire("orders/us", "worker-1");
        queue("orders/eu", "worker-2", Map.of());
        queue("orders/eu", "worker-3", Map.of());
        openConsole();
        assertThat(streams()).containsExactly("orders/eu", "orders/us");
        assertThat(browser.texts("#rows .waiting")).containsExactly("2", "");

        server.clock.advance(Duration.ofSeconds(6));
        eventually(() -> assertThat(browser.texts("#rows .waiting")).containsExactly("", ""));
    }

    @Test
    void theDetailOfAStreamShowsItsQueueInOrder() {
        String odd = "<b>worker</b>\u202e";
        acquire("orders/eu", "worker-1");
        queue("orders/eu", "worker-2", Map.of("labels", Map.of("pod", odd)));
        server.clock.advance(Duration.ofSeconds(3));
        queue("orders/eu", odd, Map.of());
        server.clock.advance(Duration.ofSeconds(1));
        openConsole();
        browser.click("#rows .history");
        eventually(() -> assertThat(browser.text("#queue-answer")).isEqualTo("2 workers wait, next one first."));
        assertThat(browser.texts("#waiter-rows .position")).containsExactly("1", "2");
        assertThat(browser.texts("#waiter-rows .owner .id")).containsExactly("worker-2", "<b>worker</b>\\u202e");
        assertThat(browser.texts("#waiter-rows .label")).containsExactly("pod=<b>worker</b>\\u202e");
        assertThat(browser.texts("#waiter-rows .waited")).containsExactly("4 s", "1 s");

        // A moment of the past has no queue.
        browser.fill("#look-at", "2026-01-31 12:00:01" + Keys.ENTER);
        eventually(() -> assertThat(browser.text("#look-answer")).isEqualTo("worker-1 held it then."));
        assertThat(browser.isShown("#queue")).isFalse();
    }

    @Test
    void aStreamWithoutAQueueSaysSo() {
        acquire("orders/eu", "worker-1");
        openConsole();
        browser.click("#rows .history");
        eventually(() -> assertThat(browser.text("#queue-answer")).isEqualTo("No worker waits for this stream."));
        assertThat(browser.isShown("#waiters")).isFalse();
    }

    @Test
    void theHistoryShowsHowLongAnOwnerWaited() {
        UUID leaseId = UUID.randomUUID();
        acquire("orders/eu", "worker-1", Map.of("leaseId", leaseId));
        CompletableFuture<Response> waits = CompletableFuture.supplyAsync(
                () -> server.post("/v1/locks/orders%2Feu/acquire", Map.of("ownerId", "worker-2", "waitMs", 20_000)));
        eventually(() -> assertThat(json(server.get("/v1/locks/orders%2Feu"))
                        .path("waiting")
                        .asInt())
                .isEqualTo(1));
        server.clock.advance(Duration.ofSeconds(4));
        server.release("orders/eu", leaseId);
        assertThat(waits.join().statusCode()).isEqualTo(200);
        openConsole();
        browser.click("#rows .history");
        eventually(() -> assertThat(browser.texts("#grant-rows .from .span")).containsExactly("waited 4 s", ""));
    }

    @Test
    void aQueueThatCannotBeReadIsUnknown() {
        server.close();
        TestServer.Clock clock = new TestServer.Clock();
        server = TestServer.of(new UnreadableQueues(new MemoryLockManager(clock, true)), clock, Guards.NONE);
        acquire("orders/eu", "worker-1");
        openConsole();
        browser.click("#rows .history");
        eventually(() -> assertThat(browser.text("#queue-answer")).startsWith("Unknown: "));
        assertThat(browser.texts("#grant-rows .owner .id")).containsExactly("worker-1");
    }

    private static final class UnreadableQueues extends ForwardingLocks {
        private final LockManager locks;

        UnreadableQueues(LockManager locks) {
            this.locks = locks;
        }

        @Override
        protected LockManager next() {
            return locks;
        }

        @Override
        public LockReads reads() {
            LockReads reads = super.reads();
            return new LockReads() {
                @Override
                public LockPage list(LockQuery query) {
                    return reads.list(query);
                }

                @Override
                public GrantPage history(StreamHistoryQuery query) {
                    return reads.history(query);
                }

                @Override
                public GrantPage history(HistoryQuery query) {
                    return reads.history(query);
                }

                @Override
                public List<Waiter> waiters(String streamId) {
                    throw new StorageUnavailableException("The storage is away", new IllegalStateException());
                }
            };
        }
    }
}
