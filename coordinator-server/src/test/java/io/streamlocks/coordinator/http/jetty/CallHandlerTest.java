package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class CallHandlerTest {

    private static final Error NO_MEMORY = new OutOfMemoryError("Java heap space");

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void start() {
        log.start();
        logger().addAppender(log);
    }

    @AfterEach
    void stop() {
        logger().detachAppender(log);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(TransportFixture.class);
    }

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
        assertThat(log.list)
                .extracting(event -> ((ThrowableProxy) event.getThrowableProxy()).getThrowable())
                .containsExactly(NO_MEMORY);
    }
}
