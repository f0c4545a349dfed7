package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

/** The limits of a request are those of its route. */
class RouteLimitsTest {

    private static final String SMALL = "/small";
    private static final String LARGE = "/large";
    private static final Map<String, RouteLimits> LIMITS = Map.of(
            SMALL, new RouteLimits(Duration.ofSeconds(1), 10),
            LARGE, new RouteLimits(Duration.ofMinutes(10), 20));

    @Test
    void aRequestMayTakeAsLongAsItsRouteAllows() throws Exception {
        SlowApi api = new SlowApi();
        try (TransportFixture server = new TransportFixture(LIMITS, api);
                Socket patient = server.send(LARGE, "");
                Socket impatient = server.send(SMALL, "")) {
            api.handled.await();
            assertThat(TransportFixture.read(impatient)).isEmpty();
            api.mayRespond.countDown();
            assertThat(TransportFixture.read(patient)).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void aCallMayWaitInAdditionToTheTimeOfItsExchange() throws Exception {
        RouteLimits shortOnes = new RouteLimits(Duration.ofSeconds(1), 10);
        Map<String, RouteLimits> limits = Map.of(SMALL, shortOnes, LARGE, shortOnes.withWait(Duration.ofMinutes(10)));
        SlowApi api = new SlowApi();
        try (TransportFixture server = new TransportFixture(limits, api);
                Socket waiting = server.send(LARGE, "");
                Socket other = server.send(SMALL, "")) {
            api.handled.await();
            assertThat(TransportFixture.read(other)).isEmpty();
            api.mayRespond.countDown();
            assertThat(TransportFixture.read(waiting)).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void aBodyMayBeAsLargeAsItsRouteAllows() throws Exception {
        try (TransportFixture server = new TransportFixture(LIMITS, new Echo());
                Socket small = server.send(SMALL, "x".repeat(10));
                Socket tooLarge = server.send(SMALL, "x".repeat(11));
                Socket large = server.send(LARGE, "x".repeat(20));
                Socket muchTooLarge = server.send(LARGE, "x".repeat(21))) {
            assertThat(TransportFixture.read(small)).endsWith("x".repeat(10));
            assertThat(TransportFixture.read(tooLarge)).endsWith("TOO_LARGE");
            assertThat(TransportFixture.read(large)).endsWith("x".repeat(20));
            assertThat(TransportFixture.read(muchTooLarge)).endsWith("TOO_LARGE");
        }
    }

    /** Responds to requests once it may, on a thread of its own. */
    private static final class SlowApi extends Handler.Abstract {

        private final CountDownLatch handled = new CountDownLatch(2);
        private final CountDownLatch mayRespond = new CountDownLatch(1);

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            Thread responding = new Thread(() -> {
                try {
                    mayRespond.await();
                    callback.succeeded();
                } catch (InterruptedException e) {
                    callback.failed(e);
                }
            });
            responding.setDaemon(true);
            responding.start();
            handled.countDown();
            return true;
        }
    }

    /** Responds with the body, or with the reason why there is none. */
    private static final class Echo extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            String text = request.getAttribute(Body.ATTRIBUTE) instanceof byte[] body
                    ? new String(body, StandardCharsets.US_ASCII)
                    : ((UnreadBodyException) request.getAttribute(Body.ATTRIBUTE))
                            .reason()
                            .name();
            Content.Sink.write(response, true, text, callback);
            return true;
        }
    }
}
