package io.streamlocks.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server that answers acquires and renewals at once, and releases not until a test lets it. */
class HangingReleasesTest extends ScriptedServer {

    private static final Duration TTL = Duration.ofSeconds(3);

    /** As many as a client has connections of one kind. */
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
        String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
        String path = exchange.getRequestURI().getPath();
        int items = body.split("streamId", -1).length - 1;
        String lease = LEASE.formatted("s").replace("29998", String.valueOf(TTL.toMillis()));
        if (path.endsWith("/acquire")) {
            reply(exchange, 200, "application/json", lease);
        } else if (path.endsWith("/renew")) {
            renewals.incrementAndGet();
            reply(exchange, 200, "application/json", results(items, "{\"status\": 200, \"lease\": " + lease + "}"));
        } else if (releases.incrementAndGet() <= refusedReleases) {
            reply(exchange, 503, "application/problem+json", "{}");
        } else {
            awaitReleasesAnswered();
            if (path.contains("/batch/")) {
                reply(exchange, 200, "application/json", results(items, "{\"status\": 204}"));
            } else {
                reply(exchange, 204, null, "");
            }
        }
    }

    private static String results(int items, String each) {
        return "{\"results\": [" + String.join(", ", Collections.nCopies(items, each)) + "]}";
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
        // Two together, since those of single leases share requests.
        pairs.forEach(pair -> threads.submit(() -> worker.release(pair)));
        await().until(() -> releases.get() == CONNECTIONS);

        assertRenewedWhileReleasesHang(kept);
    }

    private void assertRenewedWhileReleasesHang(HeldLease kept) {
        int hanging = releases.get();
        int before = renewals.get();
        // Three beats are as long as the lease was good for before.
        await().until(() -> renewals.get() >= before + 3 || !kept.isSafe());
        assertThat(kept.isSafe()).isTrue();
        assertThat(releases).hasValue(hanging);
    }
}
