package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An error that ends the process is seen in what is logged, so each one is logged with its stack trace. */
class ErrorLogTest {

    private static final Error NO_THREAD = new OutOfMemoryError("unable to create native thread");
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
        return (Logger) LoggerFactory.getLogger(HttpServer.class);
    }

    private List<Throwable> logged() {
        return log.list.stream()
                .map(event -> RootCause.of(((ThrowableProxy) event.getThrowableProxy()).getThrowable()))
                .toList();
    }

    @Test
    void oneErrorDoesNotHideAnotherOfItsClass() {
        BlockingQueue<Error> failures = new LinkedBlockingQueue<>(List.of(NO_THREAD, NO_MEMORY));
        LockManager failing = new ForwardingLocks() {
            @Override
            protected LockManager next() {
                throw failures.remove();
            }
        };
        try (TestServer server = TestServer.of(failing)) {
            assertThat(server.acquire("s", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(500);
            assertThat(server.acquire("s", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(500);
        }
        assertThat(logged()).containsExactly(NO_THREAD, NO_MEMORY);
    }

    @Test
    void anErrorOfTheHandlingOfABodyIsLogged() throws Exception {
        Telemetry telemetry = Telemetry.untraced();
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        BodyReader bodies = new BodyReader(
                ClientLimits.DEFAULT,
                new HeldBytes(1_000_000),
                server.getThreadPool(),
                new RepeatedErrorLog(logger(), System::nanoTime),
                telemetry);
        bodies.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                throw NO_MEMORY;
            }
        });
        Access access = new Access(Optional.empty(), Optional.empty(), path -> false, telemetry);
        access.setHandler(bodies);
        server.setHandler(access);
        server.start();
        try {
            RawHttp.Answer answer =
                    RawHttp.send(connector.getLocalPort(), RawHttp.request("POST", "/v1/batch/acquire", "{}"));
            assertThat(answer.status()).isEqualTo(500);
        } finally {
            server.stop();
            telemetry.close();
        }
        assertThat(logged()).containsExactly(NO_MEMORY);
    }
}
