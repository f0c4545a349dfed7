package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.testkit.contract.ForwardingLocks;
import io.streamlocks.testkit.contract.SilentHandOvers;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** An error of the virtual machine ends the process when it is logged, so each one is logged with its stack trace. */
@Isolated
class ErrorLogTest {

    private static final Error NO_THREAD = new OutOfMemoryError("unable to create native thread");
    private static final Error NO_MEMORY = new OutOfMemoryError("Java heap space");

    @RegisterExtension
    private final CapturedLog log = new CapturedLog(HttpServer.class);

    @Test
    void oneErrorDoesNotHideAnotherOfItsClass() {
        BlockingQueue<Error> failures = new LinkedBlockingQueue<>(List.of(NO_THREAD, NO_MEMORY));
        LockManager failing = new ForwardingLocks() {
            @Override
            protected LockManager next() {
                throw failures.remove();
            }

            @Override
            public HandOvers handOvers() {
                return new SilentHandOvers();
            }
        };
        try (TestServer server = TestServer.of(failing)) {
            assertThat(server.acquire("s", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(500);
            assertThat(server.acquire("s", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(500);
        }
        assertThat(log.throwables()).extracting(RootCause::of).containsExactly(NO_THREAD, NO_MEMORY);
    }
}
