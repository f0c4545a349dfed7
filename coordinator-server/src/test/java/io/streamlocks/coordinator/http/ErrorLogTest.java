package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An error of the virtual machine ends the process when it is logged, so each one is logged with its stack trace. */
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
}
