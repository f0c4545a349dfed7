package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.log.CapturedLog;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated
class CallHandlerTest {

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
        try (TransportFixture server =
                        new TransportFixture(Map.of("/any", new RouteLimits(Duration.ofMinutes(1), 100)), failing);
                Socket client = server.send("/any", body)) {
            assertThat(TransportFixture.read(client)).startsWith("HTTP/1.1 500");
        }
        assertThat(log.throwables()).containsExactly(NO_MEMORY);
    }
}
