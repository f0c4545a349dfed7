package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the pages in a Chromium below a path prefix of a proxy. None may load anything above the prefix. */
class DocsPageTest extends ConsoleFixture {

    private static final String CALL = "#operations-Locks-getLock ";

    private PrefixProxy proxy;

    @BeforeEach
    void startProxy() throws IOException {
        proxy = new PrefixProxy(server.port);
    }

    @AfterEach
    void stopProxy() {
        browser.open("about:blank", WIDTH, HEIGHT);
        proxy.close();
    }

    @Override
    String url(String path) {
        return "http://127.0.0.1:" + proxy.port + PrefixProxy.PREFIX + path;
    }

    @ParameterizedTest
    @ValueSource(strings = {"orders/eu", "a b+c%20", "\u00fc?#\ud83d\ude00"})
    void anIdIsTypedAsItIsAndTheCallGoesBelowThePrefix(String streamId) {
        acquire(streamId, "worker-1");
        browser.open(url("/docs"), WIDTH, HEIGHT);
        eventually(() -> browser.click(CALL + ".opblock-summary-control"));
        eventually(() -> browser.click(CALL + ".try-out__btn"));
        eventually(() -> assertThat(browser.isShown(CALL + ".parameters input")).isTrue());
        // The driver cannot type characters beyond the first plane of Unicode.
        browser.run(
                "const field = document.querySelector(arguments[0]);"
                        + " Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field,"
                        + " arguments[1]); field.dispatchEvent(new Event('input', {bubbles: true}));"
                        + " field.dispatchEvent(new Event('change', {bubbles: true}));",
                CALL + ".parameters input",
                streamId);
        eventually(() -> {
            browser.click(CALL + ".execute");
            assertThat(browser.texts(CALL + ".live-responses-table .response-col_status"))
                    .anyMatch(status -> status.contains("200"));
        });
        assertThat(browser.text(CALL + ".request-url")).contains(url("/v1/locks/"));
        assertThat(browser.texts(CALL + ".live-responses-table pre code"))
                .anyMatch(json -> json.contains("\"streamId\": \"" + streamId + "\""));
    }

    @Test
    void theConsoleShowsLocksBelowThePrefix() {
        acquire("orders/eu", "worker-1");
        openConsole();
        assertThat(streams()).containsExactly("orders/eu");
        browser.click("#rows .history");
        eventually(() -> assertThat(browser.texts("#grant-rows .owner .id")).containsExactly("worker-1"));
    }

    @Test
    void theConsoleShowsOnlyTheHistoryOfTheRequestedStream() throws IOException {
        acquire("y2", "worker-2");
        acquire("x/../y2", "worker-1");
        proxy.close();
        proxy = new PrefixProxy(server.port, path -> path.replace("x%2F..%2F", ""));
        openConsole();
        browser.click("#rows tr:first-child .history");
        eventually(() -> assertThat(browser.text("#look-answer")).startsWith("A proxy changed the stream id"));
        assertThat(browser.texts("#grant-rows .owner .id")).isEmpty();
    }
}
