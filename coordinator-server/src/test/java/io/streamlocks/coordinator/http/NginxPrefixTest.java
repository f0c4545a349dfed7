package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the configuration of docs/api.md, "Behind a proxy", with a real nginx. */
@Tag("process")
class NginxPrefixTest {

    private static final Pattern CONFIGURATION = Pattern.compile("(?s)\n```nginx\n(.*?)\n```\n");

    @TempDir
    private static Path directory;

    private static TestServer server;
    private static Nginx nginx;

    @BeforeAll
    static void start() throws IOException {
        server = TestServer.open();
        nginx = Nginx.start(directory, site());
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> send("GET", "/locks/livez", "").status() == 200);
    }

    private static String site() throws IOException {
        Matcher matcher = CONFIGURATION.matcher(Files.readString(Path.of("..", "docs", "api.md")));
        assertThat(matcher.find()).as("a configuration of nginx in docs/api.md").isTrue();
        String documented = matcher.group(1);
        assertThat(documented).contains("server coordinator:8080;", "listen 8080;");
        return documented.replace("server coordinator:8080;", "server 127.0.0.1:" + server.port + ";");
    }

    @AfterAll
    static void stop() {
        if (nginx != null) {
            nginx.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static RawHttp.Answer send(String method, String target, String body) {
        return RawHttp.send(nginx.port, RawHttp.request(method, target, body));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "orders/eu",
                "x/../y2",
                "x/./y2",
                "x//y2",
                "a b",
                "a+b",
                "100%",
                "%2F",
                "a?b#c&d",
                "a\\b",
                "..",
                ".",
                "\u00e9\ud83d\ude00"
            })
    void thePathOfAnIdLeadsToThatStream(String streamId) {
        String plain = URLEncoder.encode(streamId, StandardCharsets.UTF_8).replace("+", "%20");
        for (String encoded : List.of(plain, TestServer.encoded(streamId))) {
            RawHttp.Answer answer =
                    send("POST", "/locks/v1/locks/" + encoded + "/acquire", "{\"ownerId\":\"" + encoded + "\"}");
            assertThat(answer.json().path("streamId").asText(answer.body()))
                    .isEqualTo(answer.status() == 409 ? answer.body() : streamId);
            assertThat(answer.status()).as(answer.body()).isIn(200, 409);
            if (answer.status() == 409) {
                // This is the same stream as the first time, in its other form.
                assertThat(answer.json().at("/holder/ownerId").asText()).isEqualTo(plain);
            }
        }
    }

    @Test
    void aBatchTakesAnyIdAndThePagesAreBelowThePrefixAndNothingElseIsPassedOn() {
        RawHttp.Answer batch = send(
                "POST", "/locks/v1/batch/acquire", "{\"items\":[{\"streamId\":\"../../../../x\",\"ownerId\":\"me\"}]}");
        assertThat(batch.json().at("/results/0/lease/streamId").asText()).isEqualTo("../../../../x");
        assertThat(send("GET", "/locks/v1/locks?prefix=%2E%2E%2F&pageSize=1", "")
                        .json()
                        .at("/locks/0/streamId")
                        .asText())
                .isEqualTo("../../../../x");
        for (String without : List.of("/locks", "/locks?x=1")) {
            RawHttp.Answer answer = send("GET", without, "");
            assertThat(answer.status()).as(without).isEqualTo(308);
            assertThat(answer.headers()).containsEntry("Location", "/locks/" + without.substring("/locks".length()));
        }
        for (String path : List.of("/docs", "/docs/docs.js", "/openapi.yaml", "/console", "/console/console.js")) {
            assertThat(send("GET", "/locks" + path, "").status()).as(path).isEqualTo(200);
        }
        for (String other : List.of("/v1/locks", "/x/../locks/livez", "//locks/livez", "/%6cocks/livez")) {
            assertThat(send("GET", other, "").status()).as(other).isEqualTo(404);
        }
    }
}
