package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.access.Role;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Tests the console of a server with access control. */
class ConsoleAccessTest extends ConsoleFixture {

    /** Everything that a page can store, and everything that it shows. */
    private static final String WHAT_THE_PAGE_KEEPS = """
            return [location.href, document.cookie, document.documentElement.outerHTML, JSON.stringify(history.state),
              JSON.stringify(localStorage), JSON.stringify(sessionStorage), window.name,
              ...[...document.querySelectorAll('input')].map(one => one.value),
              ...Object.keys(window).map(key => `${key}: ${typeof window[key] === 'string' ? window[key] : ''}`)].join()
            """;

    private String operator;
    private String reader;

    @BeforeEach
    void askWhoCalls(@TempDir Path directory) {
        TestTokens tokens = new TestTokens(directory);
        operator = tokens.add(Role.OPERATOR);
        reader = tokens.add(Role.READER);
        server.close();
        server = TestServer.guarded(tokens.guards()).as(operator);
        acquire("orders/eu", "worker-1");
    }

    /** Opens the console, and enters a token. */
    private void openConsoleWith(String token) {
        browser.open(url("/console"), WIDTH, HEIGHT);
        eventually(() -> assertThat(browser.focus()).isEqualTo("token-value"));
        browser.press(token, Keys.ENTER);
    }

    @Test
    void thePageAsksForATokenAndKeepsItInMemoryOnly() {
        browser.open(url("/console"), WIDTH, HEIGHT);
        eventually(() -> assertThat(browser.text("#token-why")).isEqualTo("This server requires a token."));
        assertThat(state()).isEqualTo("unknown");
        assertThat(streams()).isEmpty();
        openConsoleWith(reader);
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));
        assertThat(state()).isEqualTo("live");
        assertThat(browser.isShown("dialog")).isFalse();
        assertThat((String) browser.run(WHAT_THE_PAGE_KEEPS))
                .contains("orders/eu")
                .doesNotContain(reader);
        assertThat(browser.requests())
                .extracting(request -> request.path("url").asText())
                .isNotEmpty()
                .noneMatch(url -> url.contains(reader));

        browser.reload();
        eventually(() -> assertThat(browser.focus()).isEqualTo("token-value"));
        assertThat(streams()).isEmpty();
    }

    @Test
    void thePageAsksOnceMoreAfterARefusedTokenAndThenOnDemand() {
        openConsoleWith("not-a-token-of-this-server");
        eventually(() -> assertThat(browser.text("#token-why")).startsWith("The token was refused."));
        browser.press("white space", Keys.ENTER);
        assertThat(browser.text("#token-why")).startsWith("A token has no spaces");
        browser.press(Keys.ESCAPE);
        eventually(() -> assertThat(browser.focus()).isEqualTo("remedy"));
        assertThat(browser.text("#notice-text")).startsWith("Unknown. The token was refused.");

        browser.press(Keys.ENTER);
        browser.press(reader, Keys.ENTER);
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));
        assertThat(browser.isShown("#notice")).isFalse();
    }

    @Test
    void aReaderMayNotBreakAndAnOperatorMay() {
        openConsoleWith(reader);
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));
        browser.click("#rows .break");
        browser.press("stuck", Keys.ENTER);
        eventually(() -> assertThat(browser.text("#break-problem"))
                .startsWith("Nothing was broken: this token does not allow it."));
        assertThat(server.get("/v1/locks/orders%2Feu").statusCode()).isEqualTo(200);

        browser.press(Keys.ESCAPE);
        browser.click("#token-button");
        browser.press(operator, Keys.ENTER);
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));
        browser.click("#rows .break");
        browser.press("stuck", Keys.ENTER);
        eventually(() -> assertThat(browser.text("#message-text")).startsWith("Broke the lease of orders/eu"));

        browser.click("#history-of-any");
        browser.press("orders/eu", Keys.ENTER);
        eventually(() -> assertThat(browser.texts("#grant-rows .by")).containsExactly("by operator"));
    }

    @Test
    void forgettingATokenClearsWhatItHasShown() {
        openConsoleWith(reader);
        eventually(() -> assertThat(streams()).containsExactly("orders/eu"));
        browser.click("#token-button");
        browser.click("#token-forget");
        eventually(() -> assertThat(browser.text("#notice-text")).startsWith("Unknown. This server requires a token"));
        assertThat(streams()).isEmpty();
        assertThat(List.of(browser.text("#token-button"), browser.text("#summary")))
                .containsExactly("Token…", "Nothing known");
    }
}
