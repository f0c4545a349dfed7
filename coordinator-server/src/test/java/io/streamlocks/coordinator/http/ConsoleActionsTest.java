package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;

/** Tests the actions of the table: the history, a break, and a token. */
class ConsoleActionsTest extends ConsoleFixture {

    @Test
    void theHistoryShowsWhoHeldAStreamAndHowThatEnded() {
        UUID leaseId = UUID.randomUUID();
        long first = acquire("orders/eu", "worker-1", Map.of("leaseId", leaseId, "labels", Map.of("region", "eu")));
        server.clock.advance(Duration.ofSeconds(10));
        server.release("orders/eu", leaseId);
        server.clock.advance(Duration.ofSeconds(10));
        long second = acquire("orders/eu", "worker-2");
        server.post("/v1/locks/orders%2Feu/break", Map.of("reason", "stuck since noon"));
        acquire("orders/eu", "worker-3");
        openConsole();
        assertThat(streams()).containsExactly("orders/eu");

        browser.click("#rows .history");
        eventually(() -> assertThat(browser.text("#look-answer")).isEqualTo("3 grants, newest first."));
        assertThat(browser.texts("#grant-rows .owner .id")).containsExactly("worker-3", "worker-2", "worker-1");
        assertThat(browser.texts("#grant-rows .token")).endsWith(Long.toString(second), Long.toString(first));
        assertThat(browser.texts("#grant-rows .reason")).containsExactly("live", "broken", "released");
        assertThat(browser.texts("#grant-rows .why")).containsExactly("", "stuck since noon", "");
        assertThat(browser.texts("#grant-rows .label")).containsExactly("region=eu");
        assertThat(browser.text("#grant-rows tr:last-child .from")).isEqualTo("2026-01-31 12:00:00.123 Z");
        assertThat(browser.text("#grant-rows tr:last-child .until"))
                .isEqualToNormalizingWhitespace("2026-01-31 12:00:10.123 Z after 10 s");

        browser.fill("#look-at", "2026-01-31 12:00:05" + Keys.ENTER);
        eventually(() -> assertThat(browser.text("#look-answer")).isEqualTo("worker-1 held it then."));
        assertThat(browser.texts("#grant-rows .owner .id")).containsExactly("worker-1");
        browser.fill("#look-at", "2026-01-31T14:00:15+02:00" + Keys.ENTER);
        eventually(() -> assertThat(browser.text("#look-answer")).startsWith("No lease was live then"));
        browser.fill("#look-at", "noon" + Keys.ENTER);
        eventually(() -> assertThat(browser.text("#look-answer")).startsWith("at must be"));

        browser.press(Keys.ESCAPE);
        assertThat(browser.focus()).isEqualTo("History of orders/eu");
    }

    @Test
    void theHistoryOfAFreeStreamIsFoundByItsName() {
        openConsole();
        for (int i = 0; i < 51; i++) {
            acquire("returns/us", "worker-1");
            server.clock.advance(TestServer.DEFAULT_TTL);
        }
        browser.click("#history-of-any");
        browser.press("returns/us", Keys.ENTER);
        eventually(() ->
                assertThat(browser.text("#look-answer")).isEqualTo("50 grants, newest first; there are older ones."));
        browser.click("#older");
        eventually(() -> assertThat(browser.text("#look-answer")).isEqualTo("51 grants, newest first."));
        assertThat(browser.texts("#grant-rows tr")).hasSize(51);
        assertThat(browser.focus()).isEqualTo("look-answer");

        browser.fill("#look-stream", "returns/eu" + Keys.ENTER);
        eventually(() ->
                assertThat(browser.text("#look-answer")).isEqualTo("The history contains no grant of this stream."));
    }

    @Test
    void aLeaseIsBrokenWithTheKeyboardOnly() {
        UUID leaseId = UUID.randomUUID();
        acquire("orders/eu", "worker-1");
        long token = acquire("orders/us", "worker-2", Map.of("leaseId", leaseId, "labels", Map.of("region", "us")));
        openConsole();
        assertThat(streams()).hasSize(2);

        tabTo("Break the lease of orders/us");
        browser.press(Keys.ENTER);
        assertThat(browser.text("#break-title")).isEqualTo("Break the lease of orders/us?");
        assertThat(browser.text("#holder")).contains("worker-2", Long.toString(token), "region=us");
        assertThat(browser.focus()).isEqualTo("reason");
        // Nothing happens without a reason.
        browser.press(Keys.ENTER);
        browser.press("stuck since noon", Keys.TAB, Keys.chord(Keys.CONTROL, "a"), "2.5");
        tabTo("break-now");
        browser.press(Keys.ENTER);

        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));
        assertThat(browser.text("#message-text"))
                .isEqualTo("Broke the lease of orders/us, held by worker-2 with token " + token
                        + ". No worker can acquire it for 2.5 s.");
        eventually(() -> assertThat(browser.focus()).isEqualTo("History of orders/eu"));
        assertProblem(server.renew("orders/us", leaseId), 410, "lease-lost", null);
        assertThat(json(server.renew("orders/us", leaseId)).path("breakReason").asText())
                .isEqualTo("stuck since noon");
        assertProblem(server.acquire("orders/us", "worker-3", UUID.randomUUID()), 409, "lock-delayed", null);
    }

    @Test
    void cancellingBreaksNothing() {
        acquire("orders/eu", "worker-1");
        openConsole();
        assertThat(streams()).hasSize(1);
        tabTo("Break the lease of orders/eu");
        browser.press(Keys.ENTER);
        browser.press("on second thought", Keys.ESCAPE);
        assertThat(browser.isShown("#break")).isFalse();
        assertThat(browser.focus()).isEqualTo("Break the lease of orders/eu");
        assertThat(server.get("/v1/locks/orders%2Feu").statusCode()).isEqualTo(200);
        // The text typed for one lease does not show for the next.
        browser.press(Keys.ENTER);
        assertThat(browser.run("return document.getElementById('reason').value"))
                .isEqualTo("");
    }

    @Test
    void onlyTheLeaseThatIsShownIsBroken() {
        UUID leaseId = UUID.randomUUID();
        acquire("orders/eu", "worker-1", Map.of("leaseId", leaseId));
        openConsole();
        assertThat(streams()).hasSize(1);
        browser.click("#rows .break");
        server.release("orders/eu", leaseId);
        long token = acquire("orders/eu", "worker-2");
        browser.press("stuck", Keys.ENTER);
        eventually(() -> assertThat(browser.text("#break-problem"))
                .startsWith("Nothing was broken: the stream has another holder now"));
        assertThat(browser.text("#holder")).contains("worker-2", Long.toString(token));
        assertThat(server.get("/v1/locks/orders%2Feu").statusCode()).isEqualTo(200);

        browser.press(Keys.ENTER);
        eventually(() -> assertThat(browser.text("#message-text"))
                .isEqualTo("Broke the lease of orders/eu, held by worker-2 with token " + token + "."));
        eventually(() -> assertThat(streams()).isEmpty());
    }

    @Test
    void aLeaseThatHasEndedCannotBeBroken() {
        UUID leaseId = UUID.randomUUID();
        acquire("orders/eu", "worker-1", Map.of("leaseId", leaseId));
        openConsole();
        assertThat(streams()).hasSize(1);
        browser.click("#rows .break");
        server.release("orders/eu", leaseId);
        browser.press("stuck", Keys.ENTER);
        eventually(() -> assertThat(browser.text("#break-problem"))
                .isEqualTo("Nothing was broken: the lease has already ended."));
        assertThat(browser.isShown("#break-now")).isFalse();
        assertThat(browser.focus()).isEqualTo("Cancel");
        // The row from which it was opened has gone by now.
        eventually(() -> assertThat(streams()).isEmpty());
        browser.press(Keys.ENTER);
        eventually(() -> assertThat(browser.focus()).isEqualTo("summary"));
    }

    @Test
    void theOutcomeOfABreakInAnOutageIsUnknown() {
        acquire("orders/eu", "worker-1");
        openConsole();
        assertThat(streams()).hasSize(1);
        browser.click("#rows .break");
        server.close();
        browser.press("stuck", Keys.ENTER);
        eventually(() ->
                assertThat(browser.text("#break-problem")).startsWith("Unknown: The coordinator does not answer."));
    }

    @ParameterizedTest
    @ValueSource(strings = {".", ".."})
    void anIdOfDotsIsLeftToCurl(String id) {
        acquire(id, "worker-1");
        acquire("history", "worker-2");
        openConsole();
        assertThat(streams()).containsExactly(id, "history");
        browser.click("#rows tr:first-child .history");
        assertThat(browser.text("#look-answer")).startsWith("A browser cannot send this stream id");
        browser.press(Keys.ESCAPE);
        browser.click("#rows tr:first-child .break");
        assertThat(browser.text("#break-problem")).startsWith("A browser cannot send this stream id");
        assertThat(browser.isShown("#break-now")).isFalse();
    }
}
