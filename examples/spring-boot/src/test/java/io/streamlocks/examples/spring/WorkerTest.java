package io.streamlocks.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.InProcessCoordinator;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starts the worker beside another one, which has the stream. */
@Tag("process")
class WorkerTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @RegisterExtension
    static final InProcessCoordinator COORDINATOR = new InProcessCoordinator();

    @Test
    void theWorkerWaitsForItsTurnWorksAndReleasesItsLease() throws Exception {
        try (StreamLockClient other =
                        StreamLockClient.builder(COORDINATOR.uri()).build();
                ChildProcess worker = ChildProcess.command(
                                Machine.java(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Worker.class.getName(),
                                "--stream-locks.urls=" + COORDINATOR.uri())
                        .build()) {
            HeldLease held = other.tryAcquire("orders/eu").orElseThrow();
            worker.start();
            await().atMost(LONG).untilAsserted(() -> assertThat(locks())
                    .as("%s%s", worker.output(), worker.errors())
                    .contains("\"waiting\":1"));
            held.close();
            worker.awaitOutput(Pattern.compile("orders/eu: work with fencing token [0-9]+"), LONG);
            assertThat(worker.exitCode(LONG)).isZero();
        }
        assertThat(locks()).isEqualTo("{\"locks\":[]}");
    }

    private static String locks() throws IOException, InterruptedException {
        HttpRequest locks =
                HttpRequest.newBuilder(COORDINATOR.uri().resolve("/v1/locks")).build();
        return HttpClient.newHttpClient()
                .send(locks, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void itTakesAtMostTenLinesOfCodeAndConfiguration() throws Exception {
        List<String> java = Files.readAllLines(Path.of("src/main/java/io/streamlocks/examples/spring/Worker.java"));
        List<String> properties = Files.readAllLines(Path.of("src/main/resources/application.properties"));
        assertThat(Stream.concat(java.stream(), properties.stream())
                        .map(String::strip)
                        .filter(line -> !line.matches("[})(;]*|/\\*\\*.*|package .*|import .*")))
                .hasSizeLessThanOrEqualTo(10);
    }
}
