package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the configuration of docker-compose.yml with a real nginx, and waits behind it. */
@Tag("process")
@Tag("slow")
class NginxWaitTest {

    /** Above the time that the proxy gives all other calls. */
    private static final Duration WAIT = Duration.ofSeconds(6);

    @TempDir
    private static Path directory;

    private static TestServer server;
    private static Nginx nginx;

    private final String stream = TestServer.randomStream();

    @BeforeAll
    static void start() throws IOException {
        server = TestServer.open();
        nginx = Nginx.start(directory, site());
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> send("GET", "/livez", "").status() == 200);
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

    @Test
    void anAcquireWaitsLongerThanTheProxyGivesOtherCalls() {
        server.acquire(stream, "holder", UUID.randomUUID());
        RawHttp.Answer answer = send(
                "POST",
                TestServer.path(stream) + "/acquire",
                "{\"ownerId\":\"waiter\",\"waitMs\":" + WAIT.toMillis() + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(409);
        assertThat(answer.json().path("position").asInt()).isEqualTo(1);

        RawHttp.Answer batch = send(
                "POST",
                "/v1/batch/acquire",
                "{\"items\":[{\"streamId\":\"" + stream + "\",\"ownerId\":\"other\"}],\"waitMs\":" + WAIT.toMillis()
                        + "}");
        assertThat(batch.status()).as(batch.body()).isEqualTo(200);
        assertThat(batch.json().at("/results/0/problem/code").asText()).isEqualTo("lock-held");
    }

    @Test
    void aClientThatLeavesTheProxyGivesUpItsPlace() throws IOException {
        server.acquire(stream, "holder", UUID.randomUUID());
        try (Socket client = new Socket("127.0.0.1", nginx.port)) {
            client.getOutputStream()
                    .write(RawHttp.request(
                            "POST", TestServer.path(stream) + "/acquire", "{\"ownerId\":\"waiter\",\"waitMs\":20000}"));
            await().until(() -> waiters() == 1);
        }
        // The clock of the storage stands still, so the place does not end by itself.
        await().atMost(Duration.ofSeconds(10)).until(() -> waiters() == 0);
    }

    private int waiters() {
        return server.get(TestServer.path(stream) + "/waiters")
                .jsonPath()
                .getList("waiters")
                .size();
    }

    private static RawHttp.Answer send(String method, String target, String body) {
        return RawHttp.send(nginx.port, RawHttp.request(method, target, body));
    }

    /** Returns the configuration of nginx in docker-compose.yml, with this server as the only coordinator. */
    private static String site() throws IOException {
        String site = Files.readAllLines(Path.of("..", "docker-compose.yml")).stream()
                .dropWhile(line -> !line.equals("    content: |"))
                .skip(1)
                .takeWhile(line -> line.isBlank() || line.startsWith("      "))
                .map(String::strip)
                .filter(line -> !line.startsWith("server coordinator-2:"))
                .collect(Collectors.joining("\n"));
        assertThat(site).contains("server coordinator-1:8080 ", "listen 8080;", "proxy_read_timeout 5s;");
        return site.replace("coordinator-1:8080", "127.0.0.1:" + server.port).replace("$$", "$");
    }
}
