package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The README's nginx below whose path prefix a coordinator is, with a real nginx. */
class NginxPrefixTest {

    private static final Pattern CONFIGURATION = Pattern.compile("(?s)\n```nginx\n(.*?)\n```\n");

    @TempDir
    private static Path directory;

    private static TestServer server;
    private static Process nginx;
    private static int port;

    @BeforeAll
    static void start() throws IOException {
        Path command = Stream.of(System.getenv().getOrDefault("PATH", "") + ":/usr/sbin")
                .flatMap(path -> Stream.of(path.split(":")))
                .map(folder -> Path.of(folder, "nginx"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        assumeTrue(command != null, "No nginx is on the PATH");
        server = TestServer.open();
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path file = Files.writeString(directory.resolve("nginx.conf"), configuration());
        nginx = new ProcessBuilder(command.toString(), "-p", directory.toString(), "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("nginx.log").toFile())
                .start();
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> send("GET", "/locks/livez", "").status() == 200);
    }

    private static String configuration() throws IOException {
        Matcher matcher = CONFIGURATION.matcher(Files.readString(Path.of("..", "README.md")));
        assertThat(matcher.find()).as("a configuration of nginx in the README").isTrue();
        String documented = matcher.group(1);
        assertThat(documented).contains("server coordinator:8080;", "listen 8080;");
        String places = Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                .map(kind -> kind + "_temp_path " + directory.resolve(kind) + ";\n")
                .collect(Collectors.joining());
        return "daemon off;\npid " + directory.resolve("pid") + ";\nerror_log stderr warn;\n"
                + ("root".equals(System.getProperty("user.name")) ? "user root;\n" : "")
                + "events {}\nhttp {\naccess_log off;\n" + places
                + documented
                        .replace("server coordinator:8080;", "server 127.0.0.1:" + server.port + ";")
                        .replace("listen 8080;", "listen 127.0.0.1:" + port + ";")
                + "\n}\n";
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (nginx != null) {
            nginx.destroy();
            nginx.waitFor(30, TimeUnit.SECONDS);
        }
        if (server != null) {
            server.close();
        }
    }

    private static RawHttp.Answer send(String method, String target, String body) {
        return RawHttp.send(port, RawHttp.request(method, target, body));
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
                // The same stream as the first time, in its other form.
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
        for (String path : List.of("/docs", "/docs/docs.js", "/openapi.yaml", "/console", "/console/console.js")) {
            assertThat(send("GET", "/locks" + path, "").status()).as(path).isEqualTo(200);
        }
        for (String other : List.of("/v1/locks", "/x/../locks/livez", "//locks/livez", "/%6cocks/livez")) {
            assertThat(send("GET", other, "").status()).as(other).isEqualTo(404);
        }
    }
}
