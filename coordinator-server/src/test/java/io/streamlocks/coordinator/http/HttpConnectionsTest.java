package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * The race: of a request that is no HTTP, one thread answers and then goes on reading the connection, while the thread
 * that read the request is not done with the buffer.
 */
class HttpConnectionsTest {

    private static final byte[] NO_HTTP =
            "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final SlowReader threads = new SlowReader();

    @AutoClose
    private final TestServer server = TestServer.of(threads);

    @Test
    void aConnectionIsReadByOneThreadAtATime() throws InterruptedException {
        RawHttp.Answer answer = RawHttp.send(server.port, NO_HTTP);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(threads.nextIsDone.await(10, TimeUnit.SECONDS))
                .as("the connection was read on")
                .isTrue();
        assertThat(threads.overtaken).as("while it was still being read").isFalse();
    }

    /** Holds up the thread that read a request when it has handed the answer to another. */
    private static final class SlowReader extends QueuedThreadPool {

        /** Far above what the other thread takes; it is waited for in vain where it does not overtake. */
        private static final int MAX_WAIT_MILLIS = 500;

        private final CountDownLatch nextIsDone = new CountDownLatch(1);
        private final AtomicBoolean held = new AtomicBoolean();
        private volatile boolean overtaken;

        @Override
        public boolean tryExecute(Runnable answer) {
            boolean taken = super.tryExecute(answer);
            if (taken) {
                holdUp();
            }
            return taken;
        }

        @Override
        public void execute(Runnable task) {
            boolean readsOn = task instanceof HttpConnection;
            super.execute(
                    readsOn
                            ? () -> {
                                task.run();
                                nextIsDone.countDown();
                            }
                            : task);
            holdUp();
        }

        private void holdUp() {
            // The first task that comes from within a connection is the answer.
            if (HttpConnection.getCurrentConnection() == null || !held.compareAndSet(false, true)) {
                return;
            }
            try {
                overtaken = nextIsDone.await(MAX_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
