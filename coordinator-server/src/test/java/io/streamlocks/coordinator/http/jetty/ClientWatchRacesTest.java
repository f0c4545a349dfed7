package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.http.jetty.WaitingServer.Waiting;
import io.streamlocks.coordinator.log.CapturedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The response, the end of the connection and the next request come at the same moment. */
@Isolated
@Tag("slow")
class ClientWatchRacesTest {

    private static final int ROUNDS = 500;

    @RegisterExtension
    private final CapturedLog log = new CapturedLog();

    private final WaitingServer server = new WaitingServer();
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final CyclicBarrier together = new CyclicBarrier(2);
    private final List<Waiting> calls = new ArrayList<>();

    @AfterEach
    void stop() {
        thread.shutdownNow();
        server.close();
    }

    private Waiting nextCall() throws InterruptedException {
        Waiting call = server.next();
        calls.add(call);
        return call;
    }

    /** Has another thread respond at the moment at which this method returns. */
    private Future<?> respondNow(Waiting call) throws Exception {
        Future<?> responding = thread.submit(() -> {
            together.await();
            call.respond("done");
            return null;
        });
        together.await();
        return responding;
    }

    /** Every connection has ended on the server, and nothing went wrong there. */
    private void assertNothingLeft() {
        await().until(() -> server.connections() == 0);
        assertThat(log.from(Level.WARN)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aClientThatLeavesAtTheMomentOfItsResponseIsReportedAtMostOnce(boolean resets) throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            try (RawClient client = new RawClient(server.port())) {
                client.post("/wait", "{}");
                Future<?> responding = respondNow(nextCall());
                if (resets) {
                    client.reset();
                } else {
                    client.socket().close();
                }
                responding.get();
            }
        }
        assertNothingLeft();
        assertThat(calls).hasSize(ROUNDS).allMatch(call -> call.gone() <= 1);
    }

    @Test
    void aClientThatHasItsResponseIsNotReported() throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            try (RawClient client = new RawClient(server.port())) {
                client.post("/wait", "{}");
                Future<?> responding = respondNow(nextCall());
                assertThat(client.response()).isEqualTo("200 done");
                client.socket().close();
                responding.get();
            }
        }
        assertNothingLeft();
        assertThat(calls).hasSize(ROUNDS).allMatch(call -> call.gone() == 0);
    }

    @Test
    void aRequestThatComesAtTheMomentOfAResponseIsHandled() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.post("/wait", "{}");
            for (int i = 0; i < ROUNDS; i++) {
                Future<?> responding = respondNow(nextCall());
                client.post("/wait", "{}");
                assertThat(client.response()).isEqualTo("200 done");
                responding.get();
            }
            nextCall().respond("last");
            assertThat(client.response()).isEqualTo("200 last");
        }
        assertNothingLeft();
        assertThat(calls).hasSize(ROUNDS + 1).allMatch(call -> call.gone() == 0);
    }

    /** The end of the head of the next request comes while the response ends the watch. */
    @Test
    void aRequestInTwoPiecesAroundAResponseIsHandled() throws Exception {
        String request = RawClient.head("POST", "/wait", "Content-Length: 2\r\n") + "{}";
        try (RawClient client = new RawClient(server.port())) {
            client.send(request);
            for (int i = 0; i < ROUNDS; i++) {
                Waiting call = nextCall();
                int cut = 1 + i % (request.length() - 1);
                client.send(request.substring(0, cut));
                Future<?> responding = respondNow(call);
                client.send(request.substring(cut));
                assertThat(client.response()).isEqualTo("200 done");
                responding.get();
            }
            nextCall().respond("last");
            assertThat(client.response()).isEqualTo("200 last");
        }
        assertNothingLeft();
        assertThat(calls).allMatch(call -> call.gone() == 0);
    }

    @Test
    void aKeptConnectionServesManyCallsOfWatchedClients() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            for (int i = 0; i < ROUNDS; i++) {
                client.post(i % 3 == 0 ? "/wait" : "/wait" + i, "{}");
                nextCall().respond("" + i);
                assertThat(client.response()).isEqualTo("200 " + i);
            }
        }
        assertNothingLeft();
        assertThat(calls).hasSize(ROUNDS).allMatch(call -> call.gone() == 0);
    }

    /** The action and the response of another thread end the same call. */
    @Test
    void aCallThatIsAnsweredFromTwoSidesEndsOnce() throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            try (RawClient client = new RawClient(server.port())) {
                client.get("/leave");
                Future<?> responding = respondNow(nextCall());
                client.socket().shutdownOutput();
                assertThat(client.response()).startsWith("200 ");
                assertThat(client.isEnded()).isTrue();
                responding.get();
            }
        }
        assertNothingLeft();
        assertThat(calls).hasSize(ROUNDS).allMatch(call -> call.gone() <= 1);
    }
}
