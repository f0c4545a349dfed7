package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console in a Chromium, with a server for each test. After each test the console of the browser must be empty, and
 * the page must not have called another host.
 */
@Tag("browser")
abstract class ConsoleFixture {

    static final int WIDTH = 1200;
    static final int HEIGHT = 800;

    /** Chromium may still write to it after it has been stopped. */
    @TempDir(cleanup = CleanupMode.NEVER)
    private static Path profile;

    static Browser browser;

    /** The servers are closed last: a server that stops waits for a browser that is still connected. */
    private static final List<TestServer> SERVERS = new ArrayList<>();

    /** Its clock stands still unless a test moves it, so that only the page counts down. */
    TestServer server = TestServer.open();

    @BeforeAll
    static void startBrowser() {
        // An annotation of this class would not be inherited by its subclasses.
        assumeTrue(Browser.isInstalled(), "No chromium with its chromedriver is on the PATH");
        browser = new Browser(profile);
        // The start page sends requests of its own.
        browser.open("about:blank", WIDTH, HEIGHT);
        browser.complaints();
        browser.requests();
    }

    @AfterAll
    static void closeBrowser() {
        if (browser != null) {
            browser.close();
        }
        SERVERS.forEach(TestServer::close);
        SERVERS.clear();
    }

    @AfterEach
    void nothingIsComplainedOfAndNothingLeavesTheServer() {
        browser.open("about:blank", WIDTH, HEIGHT);
        browser.prefer("prefers-color-scheme", "");
        SERVERS.add(server);
        List<String> complaints = browser.complaints();
        List<JsonNode> requests = browser.requests();
        assertThat(complaints).isEmpty();
        assertThat(requests)
                .extracting(request -> request.path("url").asText())
                .allMatch(url -> url.startsWith(url("/")) || url.startsWith("data:") || url.equals("about:blank"));
    }

    String url(String path) {
        return "http://127.0.0.1:" + server.port + path;
    }

    /** Opens the console, and waits until it has loaded the locks. */
    void openConsole() {
        browser.open(url("/console"), WIDTH, HEIGHT);
        eventually(() -> assertThat(state()).isEqualTo("live"));
    }

    /** The console refreshes every two seconds; a slow machine has longer. */
    static void eventually(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(assertion);
    }

    long acquire(String streamId, String ownerId) {
        return acquire(streamId, ownerId, Map.of());
    }

    /** Returns the fencing token. A batch accepts any id as it is. */
    long acquire(String streamId, String ownerId, Map<String, ?> more) {
        Map<String, Object> item = new HashMap<>(more);
        item.put("streamId", streamId);
        item.put("ownerId", ownerId);
        item.putIfAbsent("leaseId", UUID.randomUUID());
        var result = server.post("/v1/batch/acquire", Map.of("items", List.of(item)));
        assertThat(result.jsonPath().getInt("results[0].status"))
                .as(result.asString())
                .isEqualTo(200);
        return result.jsonPath().getLong("results[0].lease.fencingToken");
    }

    void queue(String streamId, String ownerId, Map<String, ?> more) {
        queue(server, streamId, ownerId, more);
    }

    /** Takes a place in the queue of a stream that is held. The place is kept for five seconds of the server's clock. */
    static void queue(TestServer server, String streamId, String ownerId, Map<String, ?> more) {
        UUID granted = UUID.randomUUID();
        Map<String, Object> item = new HashMap<>(more);
        item.put("streamId", streamId);
        item.put("ownerId", ownerId);
        // A place without a lease id is given up at the end of its call.
        item.put("leaseId", UUID.randomUUID());
        // The call returns at once, because its first item is granted.
        String free = TestServer.randomStream();
        var result = server.post(
                "/v1/batch/acquire",
                Map.of(
                        "items",
                        List.of(Map.of("streamId", free, "ownerId", "nobody", "leaseId", granted), item),
                        "waitMs",
                        1000));
        assertThat(result.jsonPath().getList("results.status"))
                .as(result.asString())
                .containsExactly(200, 409);
        server.release(free, granted);
    }

    static String state() {
        return browser.text("#state");
    }

    /** Returns the exact streams of the rows of the table. */
    static List<String> streams() {
        return browser.texts("#rows .stream .id");
    }

    /** Returns a cell of the row of the only stream. */
    static String cell(String css) {
        return browser.text("#rows tr:only-child " + css);
    }

    /** Moves the focus from the top of the page until this has it: an id, or an accessible name. */
    static void tabTo(String name) {
        for (int i = 0; i < 50; i++) {
            if (browser.focus().equals(name)) {
                return;
            }
            browser.press(org.openqa.selenium.Keys.TAB);
        }
        throw new AssertionError("Nothing named " + name + " can be reached by Tab");
    }
}
