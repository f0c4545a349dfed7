package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests a server that answers acquires and renewals at once, and releases only when a test lets it. */
@Tag("slow")
class HangingReleasesTest extends ScriptedServer {

    private static final Duration TTL = Duration.ofSeconds(3);

    /** The number of connections that a client has for one kind of call. */
    private static final int CONNECTIONS = 64;

    private final CountDownLatch releasesAnswered = new CountDownLatch(1);
    private final AtomicInteger renewals = new AtomicInteger();
    private final AtomicInteger releases = new AtomicInteger();
    private volatile int refusedReleases;
    private StreamLockClient worker;

    @BeforeEach
    void startWorker() {
        answer(this::script);
        // A call that hangs does so for longer than a lease lasts.
        worker = StreamLockClient.builder(uri())
                .ttl(TTL)
                .requestTimeout(Duration.ofSeconds(10))
                .build();
    }

    @AfterEach
    void stopWorker() {
        releasesAnswered.countDown();
        worker.close();
    }

    private void script(HttpExchange exchange) throws IOException {
        JsonNode items = new ObjectMapper()
                .readTree(exchange.getRequestBody().readAllBytes())
                .get("items");
        String path = exchange.getRequestURI().getPath();
        if (path.endsWith("/acquire") || path.endsWith("/renew")) {
            renewals.addAndGet(path.endsWith("/renew") ? 1 : 0);
            reply(exchange, 200, "application/json", results(items, HangingReleasesTest::granted));
        } else if (releases.incrementAndGet() <= refusedReleases) {
            reply(exchange, 503, "application/problem+json", "{}");
        } else {
            awaitReleasesAnswered();
            reply(exchange, 200, "application/json", results(items, item -> "{\"status\": 204}"));
        }
    }

    private static String granted(JsonNode item) {
        String lease = String.format(Locale.ROOT, LEASE, item.get("streamId").asText())
                .replace(
                        "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10",
                        item.get("leaseId").asText())
                .replace("29998", String.valueOf(TTL.toMillis()));
        return "{\"status\": 200, \"lease\": " + lease + "}";
    }

    private static String results(JsonNode items, Function<JsonNode, String> result) {
        List<String> results = new ArrayList<>();
        items.forEach(item -> results.add(result.apply(item)));
        return "{\"results\": [" + String.join(", ", results) + "]}";
    }

    private void awaitReleasesAnswered() throws IOException {
        try {
            releasesAnswered.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void aReleaseInTheBackgroundThatHangsDelaysNoRenewal() {
        HeldLease kept = worker.tryAcquire("kept").orElseThrow();
        refusedReleases = 1;
        worker.tryAcquire("released").orElseThrow().close();
        await().until(() -> releases.get() == 2);

        assertRenewedWhileReleasesHang(kept);
    }

    @Test
    void releasesThatHangOnAllConnectionsDelayNoRenewal() {
        HeldLease kept = worker.tryAcquire("kept").orElseThrow();
        List<List<HeldLease>> pairs = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            pairs.add(List.of(
                    worker.tryAcquire("one" + i).orElseThrow(),
                    worker.tryAcquire("two" + i).orElseThrow()));
        }
        // These are two together, because releases of single leases share requests.
        pairs.forEach(pair -> threads.submit(() -> worker.release(pair)));
        await().until(() -> releases.get() == CONNECTIONS);

        assertRenewedWhileReleasesHang(kept);
    }

    private void assertRenewedWhileReleasesHang(HeldLease kept) {
        int hanging = releases.get();
        int before = renewals.get();
        // Three beats are as long as the lease was safe before.
        await().until(() -> renewals.get() >= before + 3 || !kept.isSafe());
        assertThat(kept.isSafe()).isTrue();
        assertThat(releases).hasValue(hanging);
    }
}
