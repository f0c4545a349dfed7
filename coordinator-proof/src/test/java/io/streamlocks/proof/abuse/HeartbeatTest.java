package io.streamlocks.proof.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

    private static final String LEASE = "{\"fencingToken\":7,\"expiresInMs\":60000}";
    private static final String OVER_AT_ONCE = "{\"fencingToken\":7,\"expiresInMs\":0}";
    private static final String LOST = "{\"code\":\"lease-lost\",\"reason\":\"expired\"}";

    private final Queue<Reply> replies = new ArrayDeque<>();
    private final VictimRecord record = new VictimRecord();
    private HttpServer server;
    private Api api;

    private record Reply(int status, String body) {}

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        api = new Api(server.getAddress().getPort(), Caller.VICTIM);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            Reply reply = replies.remove();
            byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(reply.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Test
    void aLeaseIsLostIfTheServerReportsItsLoss() throws Exception {
        List<VictimLease> leases = acquire(LEASE, 1);
        replies.add(new Reply(410, LOST));

        heartbeat(leases, false).run();

        assertThat(record.lost()).containsExactly("victim/0: 410 expired");
        assertThat(record.renewalMs()).hasSize(1);
    }

    @Test
    void aRefusedRenewalIsTriedAgainAndTakesUntilItSucceeds() throws Exception {
        List<VictimLease> leases = acquire(LEASE, 1);
        replies.add(new Reply(503, "{}"));
        replies.add(new Reply(200, LEASE));
        // The next renewal ends the heartbeat.
        replies.add(new Reply(410, LOST));

        heartbeat(leases, false).run();

        assertThat(record.renewalMs()).hasSize(2);
        assertThat(record.renewalMs().get(0)).isGreaterThan(200);
        assertThat(record.lost()).hasSize(1);
    }

    @Test
    void aLeaseIsLostIfItsRenewalHasNoResultBeforeItsEnd() throws Exception {
        List<VictimLease> leases = acquire(OVER_AT_ONCE, 1);
        replies.add(new Reply(503, "{}"));

        heartbeat(leases, false).run();

        assertThat(record.lost())
                .containsExactly("victim/0: no renewal had a result before its end; the last status was 503");
    }

    @Test
    void aLeaseIsLostIfItsTokenChanges() throws Exception {
        List<VictimLease> leases = acquire(LEASE, 1);
        replies.add(new Reply(200, "{\"fencingToken\":8,\"expiresInMs\":60000}"));

        heartbeat(leases, false).run();

        assertThat(record.lost()).containsExactly("victim/0: its token changed");
    }

    @Test
    void onlyTheItemsOfABatchWithoutAResultAreTriedAgain() throws Exception {
        List<VictimLease> leases = acquire(LEASE, 2);
        String lost = "{\"status\":410,\"problem\":" + LOST + "}";
        replies.add(new Reply(200, "{\"results\":[" + lost + ",{\"status\":503,\"problem\":{}}]}"));
        replies.add(new Reply(200, "{\"results\":[" + lost + "]}"));

        heartbeat(leases, true).run();

        assertThat(record.lost()).containsExactly("victim/0: 410 expired", "victim/1: 410 expired");
        assertThat(record.renewalMs()).hasSize(2);
    }

    private List<VictimLease> acquire(String lease, int count) throws IOException, InterruptedException {
        String granted = "{\"status\":200,\"lease\":" + lease + "}";
        replies.add(new Reply(200, "{\"results\":[" + String.join(",", Collections.nCopies(count, granted)) + "]}"));
        return VictimLease.acquire(api, "victim/", count, 60_000);
    }

    /** Returns a heartbeat whose renewals are due every 10 ms. */
    private Heartbeat heartbeat(List<VictimLease> leases, boolean batch) {
        return new Heartbeat(api, leases, batch, 30, System.nanoTime(), record);
    }
}
