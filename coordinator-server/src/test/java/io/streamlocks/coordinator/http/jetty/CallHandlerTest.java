package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.log.CapturedLog;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated
class CallHandlerTest {

    private static final Map<String, RouteLimits> LIMITS = Map.of("/any", new RouteLimits(Duration.ofMinutes(1), 100));

    private static final Handler NOTHING = new Handler.Abstract() {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            return false;
        }
    };

    private static final Error NO_MEMORY = new OutOfMemoryError("Java heap space");

    @RegisterExtension
    private final CapturedLog log = new CapturedLog(TransportFixture.class);

    /** The process is ended by what the log contains, so an error must be in it. */
    @ParameterizedTest
    @ValueSource(strings = {"{}", ""})
    void anErrorIsLoggedWithABodyAndWithout(String body) throws Exception {
        Handler failing = new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                throw NO_MEMORY;
            }
        };
        try (TransportFixture server = new TransportFixture(LIMITS, failing);
                Socket client = server.send("/any", body)) {
            assertThat(TransportFixture.read(client)).startsWith("HTTP/1.1 500");
        }
        assertThat(log.throwables()).containsExactly(NO_MEMORY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", ""})
    void anErrorOfADirectRouteIsLoggedToo(String body) throws Exception {
        DirectRoute failing = () -> {
            throw NO_MEMORY;
        };
        try (TransportFixture server = new TransportFixture(LIMITS, call -> Optional.of(failing), NOTHING);
                Socket client = server.send("/any", body)) {
            assertThat(TransportFixture.read(client)).startsWith("HTTP/1.1 500");
        }
        assertThat(log.throwables()).containsExactly(NO_MEMORY);
    }

    @Test
    void aCallThatNothingTakesIsNotFound() throws Exception {
        try (TransportFixture server = new TransportFixture(LIMITS, NOTHING);
                Socket client = server.send("/any", "")) {
            assertThat(TransportFixture.read(client)).startsWith("HTTP/1.1 404");
        }
    }

    /**
     * A thread that reads requests reads on at once after a response of its own. A client that
     * sends without pause what is refused could keep it.
     */
    @Test
    void aReplyThatIsKnownAtOnceIsSentByAnotherThread() throws Exception {
        CompletableFuture<Thread> handling = new CompletableFuture<>();
        CompletableFuture<Thread> sending = new CompletableFuture<>();
        DirectRoute refusing = () -> {
            handling.complete(Thread.currentThread());
            return CompletableFuture.completedFuture(
                    new Reply(400, header -> sending.complete(Thread.currentThread()), new byte[0], () -> {}));
        };
        try (TransportFixture server = new TransportFixture(LIMITS, call -> Optional.of(refusing), NOTHING);
                Socket client = server.send("/any", "{}")) {
            assertThat(TransportFixture.read(client)).startsWith("HTTP/1.1 400");
        }
        assertThat(sending.join()).isNotEqualTo(handling.join());
    }
}
