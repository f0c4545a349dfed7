package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;

/** Tests the table of live locks. */
class ConsoleTest extends ConsoleFixture {

    private static final String LOW_CONTRASTS = script("/console/low-contrasts.js");

    @Test
    void locksAppearAndDisappearWithoutAReload() {
        openConsole();
        eventually(() -> assertThat(browser.text("#empty")).isEqualTo("No stream is locked."));
        browser.run("window.loadedOnce = true");

        UUID leaseId = UUID.randomUUID();
        acquire("orders/us", "worker-2");
        long token = acquire("orders/eu", "worker-1", Map.of("leaseId", leaseId));
        eventually(() -> assertThat(streams()).containsExactly("orders/eu", "orders/us"));
        assertThat(browser.text("#rows tr:first-child .owner")).isEqualTo("worker-1");
        assertThat(browser.text("#rows tr:first-child .token")).isEqualTo(Long.toString(token));
        assertThat(browser.text("#summary")).isEqualTo("2 live locks");
        assertThat(browser.isShown("#empty")).isFalse();

        server.release("orders/eu", leaseId);
        eventually(() -> assertThat(streams()).containsExactly("orders/us"));
        server.clock.advance(Duration.ofSeconds(31));
        eventually(() -> assertThat(streams()).isEmpty());
        assertThat(browser.run("return window.loadedOnce")).isEqualTo(true);
    }

    @Test
    void theTimeLeftIsCountedDownBetweenResponses() {
        acquire("orders/eu", "worker-1", Map.of("ttlMs", 30_000));
        openConsole();
        // Each response contains 30 s, because the clock of the server stands still.
        eventually(() -> assertThat(cell(".amount")).isEqualTo("28 s"));
        server.clock.advance(Duration.ofSeconds(21));
        eventually(() -> assertThat(browser.texts("#rows .age, #rows .amount")).containsExactly("22 s", "7 s"));
        assertThat(browser.texts("#rows tr.late .stream")).containsExactly("orders/eu");
    }

    @Test
    void theFilterTakesTheBeginningOfAStreamAndAnOwner() {
        acquire("orders/eu", "worker-1");
        acquire("orders/us", "worker-2");
        acquire("returns/us", "worker-2");
        openConsole();
        assertThat(streams()).hasSize(3);
        browser.fill("#prefix", "orders/");
        eventually(() -> assertThat(streams()).containsExactly("orders/eu", "orders/us"));
        // Rows that do not match go at once. The number of those that do is known with the response.
        eventually(() -> assertThat(browser.texts("#announcer")).containsExactly("2 live locks."));
        browser.fill("#owner", "worker-2");
        eventually(() -> assertThat(streams()).containsExactly("orders/us"));
        browser.fill("#prefix", "x & y=%2F");
        eventually(() -> assertThat(browser.text("#empty")).isEqualTo("No live lock matches the filter."));
        assertThat(state()).isEqualTo("live");
        browser.fill("#prefix", "");
        eventually(() -> assertThat(streams()).containsExactly("orders/us", "returns/us"));
    }

    @Test
    void furtherPagesAreShownOnDemand() {
        List<Map<String, String>> items = IntStream.range(0, 150)
                .mapToObj(i -> Map.of("streamId", String.format(Locale.ROOT, "stream-%03d", i), "ownerId", "worker-1"))
                .toList();
        server.post("/v1/batch/acquire", Map.of("items", items));
        openConsole();
        assertThat(streams()).hasSize(100);
        assertThat(browser.text("#summary")).isEqualTo("The first 100 live locks");
        browser.click("#more");
        eventually(() -> assertThat(streams()).hasSize(150));
        assertThat(streams()).isSorted();
        assertThat(browser.text("#summary")).isEqualTo("150 live locks");
        // The button has gone, and the first new row has the focus.
        assertThat(browser.isShown("#more")).isFalse();
        assertThat(browser.focus()).isEqualTo("History of stream-100");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<img src=x onerror=\"document.title='taken'\">",
                "<script>document.title='taken'</script>",
                "&lt;b&gt; {{1}} ${1}",
                "  two  spaces ",
                "\u05e9\u05dc\u05d5\u05dd/\u202eabc",
                "\ud83d\udd12\ud83d\udc69\u200d\ud83d\udcbb%2F/?#"
            })
    void whateverAnIdHoldsIsText(String id) {
        String shown = id.replace("\u202e", "\\u202e");
        acquire(id, id, Map.of("labels", Map.of("pod", id)));
        openConsole();
        assertThat(streams()).containsExactly(shown);
        assertThat(browser.texts("#rows .owner .id")).containsExactly(shown);
        assertThat(browser.texts("#rows .label")).containsExactly("pod=" + shown);
        assertThat(browser.run("return document.querySelectorAll('#rows img, #rows script, #rows b').length"))
                .isEqualTo(0L);
        assertThat(browser.run("return document.title")).isEqualTo("Stream locks");
        browser.click("#rows .history");
        eventually(() -> assertThat(browser.texts("#grant-rows .owner .id")).containsExactly(shown));
        browser.press(Keys.ESCAPE);
        browser.click("#rows .break");
        assertThat(browser.texts("#break-stream, #holder-owner")).containsExactly(shown, shown);
    }

    @Test
    void anOutageShowsTheLastKnownLocksAsUnknown() {
        server.close();
        server = TestServer.closed();
        browser.open(url("/console"), WIDTH, HEIGHT);
        eventually(() -> assertThat(state()).isEqualTo("unknown"));
        assertThat(browser.text("#notice-text")).startsWith("Unknown.");
        assertThat(browser.isShown("#empty")).isFalse();

        server.gate.open();
        eventually(() -> assertThat(state()).isEqualTo("live"));
        assertThat(browser.isShown("#notice")).isFalse();
        acquire("orders/eu", "worker-1");
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));

        server.close();
        assertStale("The coordinator does not answer.");
    }

    private static void assertStale(String reason) {
        eventually(() -> assertThat(browser.text("#notice-text"))
                .isEqualTo("Unknown. The table shows the last known state. " + reason));
        assertThat(state()).isEqualTo("unknown");
        assertThat(streams()).containsExactly("orders/eu");
        assertThat(cell(".amount")).isEqualTo("unknown");
        assertThat(browser.text("#as-of")).matches("as of \\d+ s ago");
    }

    @Test
    void theFocusStaysWhereItIsWhenRowsComeAndGo() {
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        acquire("b", "worker-1", Map.of("leaseId", first));
        acquire("c", "worker-1", Map.of("leaseId", second));
        openConsole();
        tabTo("Break the lease of b");
        acquire("a", "worker-1");
        eventually(() -> assertThat(streams()).containsExactly("a", "b", "c"));
        assertThat(browser.focus()).isEqualTo("Break the lease of b");

        // The neighbour has it, at the harmless button.
        server.release("b", first);
        eventually(() -> assertThat(streams()).containsExactly("a", "c"));
        assertThat(browser.focus()).isEqualTo("History of c");
        server.release("c", second);
        eventually(() -> assertThat(browser.focus()).isEqualTo("History of a"));
    }

    @Test
    void aPausedPageAndAHiddenTabSendNoRequests() {
        openConsole();
        browser.click("#pause");
        eventually(() -> assertThat(state()).isEqualTo("paused"));
        acquire("orders/eu", "worker-1");
        browser.requests();
        eventually(() -> assertThat(browser.text("#as-of")).matches("as of [4-9] s ago"));
        assertThat(browser.requests()).isEmpty();
        browser.click("#pause");
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));

        acquire("orders/us", "worker-1");
        browser.inAnotherTab(() -> {
            browser.requests();
            // This is the time of two refreshes, by the clock of the visible tab.
            browser.run("window.openedAt = performance.now()");
            eventually(() -> assertThat((Boolean) browser.run("return performance.now() - openedAt > 4500"))
                    .isTrue());
            assertThat(browser.requests()).isEmpty();
        });
        eventually(() -> assertThat(streams()).containsExactly("orders/eu", "orders/us"));
    }

    @Test
    void aPhoneScrollsInOneDirectionOnly() {
        String longId = "orders/" + "x".repeat(248);
        acquire(longId, "worker-" + "y".repeat(248), Map.of("labels", Map.of("k".repeat(63), "v".repeat(255))));
        acquire("orders/eu", "worker-1");
        queue(longId, "worker-" + "z".repeat(248), Map.of("labels", Map.of("k".repeat(63), "v".repeat(255))));
        openConsole();
        browser.resize(360, 740);
        assertNoSidewaysScroll("document.documentElement");
        assertThat(browser.text("#rows tr:first-child")).contains("orders/eu", "worker-1");
        // Only the card itself contains the name of a column.
        assertThat(browser.run("return getComputedStyle(document.querySelector('#rows .owner'), '::before').content"))
                .isEqualTo("\"Owner\"");
        for (String button : List.of("#rows .history", "#rows .break", "#token-button")) {
            browser.click(button);
            eventually(() -> assertThat(browser.isShown("dialog[open]")).isTrue());
            assertNoSidewaysScroll("document.querySelector('dialog[open]')");
            assertNoSidewaysScroll("document.documentElement");
            browser.press(Keys.ESCAPE);
        }
    }

    private static void assertNoSidewaysScroll(String element) {
        assertThat(browser.run("return " + element + ".scrollWidth - " + element + ".clientWidth"))
                .as(element)
                .isEqualTo(0L);
    }

    @Test
    void theScreenshotsForTheReadmeAreTakenInLightAndDark() throws IOException {
        ConsoleDemo.fill(server);
        browser.prefer("prefers-color-scheme", "light");
        openConsole();
        browser.resize(WIDTH, 640);
        assertThat(streams()).hasSize(ConsoleDemo.STREAMS);
        byte[] light = browser.screenshot();
        browser.prefer("prefers-color-scheme", "dark");
        byte[] dark = browser.screenshot();
        Path folder = Files.createDirectories(Path.of("target", "console"));
        Files.write(folder.resolve("console.png"), light);
        Files.write(folder.resolve("console-dark.png"), dark);
        assertThat(light).hasSizeLessThan(200_000);
        assertThat(dark).hasSizeLessThan(200_000);
        // This scrolls the page itself, below the table.
        assertThat(brightness(light, 10, 630)).isGreaterThan(230);
        assertThat(brightness(dark, 10, 630)).isLessThan(40);
    }

    private static int brightness(byte[] png, int x, int y) throws IOException {
        int rgb = ImageIO.read(new ByteArrayInputStream(png)).getRGB(x, y);
        return ((rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255)) / 3;
    }

    @ParameterizedTest
    @ValueSource(strings = {"light", "dark"})
    void textHasEnoughContrast(String scheme) {
        browser.prefer("prefers-color-scheme", scheme);
        acquire("orders/eu", "worker-1", Map.of("labels", Map.of("region", "eu")));
        server.clock.advance(Duration.ofSeconds(25));
        acquire("orders/us", "worker-1");
        queue("orders/eu", "worker-2", Map.of("labels", Map.of("region", "us")));
        openConsole();
        assertContrast();
        for (String button : List.of("#rows .history", "#rows .break", "#token-button")) {
            browser.click(button);
            assertContrast();
            browser.press(Keys.ESCAPE);
        }
        server.close();
        eventually(() -> assertThat(state()).isEqualTo("unknown"));
        assertContrast();
    }

    /** Checks the contrast that WCAG 2.2 requires for its level AA. */
    private static void assertContrast() {
        assertThat((List<?>) browser.run(LOW_CONTRASTS)).isEmpty();
    }

    private static String script(String resource) {
        try (InputStream in = ConsoleTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void reducedMotionIsRespected() {
        browser.prefer("prefers-reduced-motion", "reduce");
        acquire("orders/eu", "worker-1");
        openConsole();
        assertThat(browser.run("return getComputedStyle(document.querySelector('.bar')).transitionDuration"))
                .isEqualTo("0s");
        assertThat(browser.run("return document.getAnimations().length")).isEqualTo(0L);
    }

    @Test
    void theTableIsATableForScreenReaders() {
        acquire("orders/eu", "worker-1");
        openConsole();
        for (int width : new int[] {WIDTH, 360}) {
            browser.resize(width, HEIGHT);
            List<String> roles = browser.accessibility().stream()
                    .map(node -> node.path("role").path("value").asText())
                    .toList();
            assertThat(roles).as("at %d px", width).contains("table", "columnheader", "row", "rowheader", "cell");
            assertThat(browser.accessibility())
                    .extracting(
                            (JsonNode node) -> node.path("name").path("value").asText())
                    .contains("Live locks", "Break the lease of orders/eu", "Stream begins with");
        }
    }
}
