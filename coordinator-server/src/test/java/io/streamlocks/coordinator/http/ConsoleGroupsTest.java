package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Tests what the console shows of groups. */
class ConsoleGroupsTest extends ConsoleFixture {

    private void report(String groupId, String ownerId, Map<String, Integer> report) {
        int status = server.request()
                .contentType("application/json")
                .body(Json.write(report))
                .put("/v1/groups/" + TestServer.encoded(groupId) + "/members/" + TestServer.encoded(ownerId))
                .statusCode();
        assertThat(status).isEqualTo(200);
    }

    private void openGroups() {
        openConsole();
        browser.click("#groups-button");
    }

    private static void eventuallySays(String answer) {
        eventually(() -> assertThat(browser.text("#groups-answer")).isEqualTo(answer));
    }

    @Test
    void theMembersOfEachGroupAreShownWithTheirShares() {
        report("orders", "worker-1", Map.of("held", 60, "wanted", 60));
        report("orders", "worker-2", Map.of("held", 0, "wanted", 60, "capacity", 20, "ttlMs", 5000));
        report("bills", "worker-3", Map.of("held", 0, "wanted", 9, "capacity", 4));
        openGroups();
        eventuallySays("2 groups");
        assertThat(browser.texts("#group-list h3")).containsExactly("bills", "orders");
        assertThat(browser.texts("#group-list .counts"))
                .containsExactly(
                        "1 member holds 0 of 9 streams. 4 more are needed to reach the shares. No member has room for 5.",
                        "2 members hold 60 of 60 streams. 20 more are needed to reach the shares.");
        assertThat(browser.texts("#group-list .owner .id")).containsExactly("worker-3", "worker-1", "worker-2");
        assertThat(browser.texts("#group-list td.held .amount")).containsExactly("0", "60", "0");
        assertThat(browser.texts("#group-list td.share")).containsExactly("4", "40", "20");
        assertThat(browser.texts("#group-list td.capacity")).containsExactly("4", "", "20");
        assertThat(browser.texts("#group-list .above .owner .id")).containsExactly("worker-1");

        server.clock.advance(Duration.ofSeconds(6));
        eventually(() -> assertThat(browser.texts("#group-list .owner .id")).containsExactly("worker-3", "worker-1"));

        browser.fill("#group-prefix", "ord");
        eventuallySays("1 group");
        assertThat(browser.texts("#group-list h3")).containsExactly("orders");
    }

    @Test
    void idsOfOthersAreShownAsText() {
        report("<b>orders</b>\u202e/1", "<i>worker</i>\u202e", Map.of("held", 1, "wanted", 1));
        openGroups();
        eventuallySays("1 group");
        assertThat(browser.texts("#group-list h3")).containsExactly("<b>orders</b>\\u202e/1");
        assertThat(browser.texts("#group-list .owner .id")).containsExactly("<i>worker</i>\\u202e");
    }

    @Test
    void aServerWithoutGroupsSaysSo() {
        openGroups();
        eventuallySays("No group has members.");
        assertThat(browser.texts("#group-list h3")).isEmpty();
    }

    @Test
    void groupsThatCannotBeReadAreUnknown() {
        server.close();
        TestServer.Clock clock = new TestServer.Clock();
        LockManager memory = new MemoryLockManager(clock, true);
        server = TestServer.of(
                new ForwardingLocks() {
                    @Override
                    protected LockManager next() {
                        return memory;
                    }

                    @Override
                    public <T> T group(Function<Groups, T> call) {
                        throw new StorageUnavailableException("The storage is away", new IllegalStateException());
                    }
                },
                clock,
                Guards.NONE);
        openGroups();
        eventually(() -> assertThat(browser.text("#groups-answer")).startsWith("Unknown: "));
    }
}
