package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Tests this race: another thread responds to a request that is not HTTP, and has the connection read on, while the
 * thread that read the request still has the buffer.
 */
class HttpConnectionsTest {

    private static final byte[] NO_HTTP =
            "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final SlowReader threads = new SlowReader();

    @AutoClose
    private final TestServer server = TestServer.of(threads);

    @Test
    void aConnectionIsReadByOneThreadAtATime() throws Exception {
        RawHttp.Answer answer = RawHttp.send(server.port, NO_HTTP);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(threads.overtaken.get(10, TimeUnit.SECONDS))
                .as("the connection was read on while it was still being read")
                .isFalse();
        assertThat(threads.nextIsDone.await(10, TimeUnit.SECONDS))
                .as("the connection was read on")
                .isTrue();
    }

    /** Delays the thread that has read a request once it has handed the response to another thread. */
    private static final class SlowReader extends QueuedThreadPool {

        /** Far above what the other thread takes. If that thread does not overtake, this time passes in full. */
        private static final int MAX_WAIT_MILLIS = 500;

        private final AtomicBoolean held = new AtomicBoolean();
        private final CountDownLatch nextIsDone = new CountDownLatch(1);
        private final CompletableFuture<Boolean> overtaken = new CompletableFuture<>();

        @Override
        public boolean tryExecute(Runnable task) {
            // The first task from within a connection is the response.
            if (HttpConnection.getCurrentConnection() == null || !held.compareAndSet(false, true)) {
                return super.tryExecute(task);
            }
            // A mere attempt may find no reserved thread, and the task would then begin only after this.
            execute(task);
            try {
                overtaken.complete(nextIsDone.await(MAX_WAIT_MILLIS, TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                overtaken.completeExceptionally(e);
                Thread.currentThread().interrupt();
            }
            return true;
        }

        @Override
        public void execute(Runnable task) {
            super.execute(task instanceof HttpConnection connection ? () -> readOn(connection) : task);
        }

        private void readOn(HttpConnection connection) {
            try {
                connection.run();
            } finally {
                nextIsDone.countDown();
            }
        }
    }
}
