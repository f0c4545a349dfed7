package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.junit.jupiter.api.Test;

class QuietConnectorTest {

    /** Far above what an acceptor needs to end. */
    private static final Duration TOO_MUCH = Duration.ofMillis(500);

    @Test
    void anAcceptorThatOpensAConnectionWhileThePortIsClosedEnds() throws Exception {
        Server server = new Server();
        HeldAcceptor connector = new HeldAcceptor(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.start();
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort())) {
            Thread acceptor = connector.acceptor.get();
            assertThat(client.isConnected()).isTrue();
            assertThat(isAccepting(acceptor)).isTrue();
            connector.close();
            long before = processorNanos(acceptor);
            connector.mayContinue.countDown();
            await().until(() -> !isAccepting(acceptor) || processorNanos(acceptor) - before > TOO_MUCH.toNanos());
            assertThat(isAccepting(acceptor)).isFalse();
            assertThat(connector.isRunning()).isTrue();
        } finally {
            LifeCycle.stop(server);
        }
    }

    /** Returns whether a thread is an acceptor. Jetty takes the name back when the acceptor has ended. */
    private static boolean isAccepting(Thread thread) {
        return thread.getName().contains("-acceptor-");
    }

    private static long processorNanos(Thread thread) {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.getId());
    }

    /** Holds its acceptor while it opens a connection. */
    private static final class HeldAcceptor extends QuietConnector {

        private final CompletableFuture<Thread> acceptor = new CompletableFuture<>();
        private final CountDownLatch mayContinue = new CountDownLatch(1);

        HeldAcceptor(Server server) {
            super(server, 1, 1, new HttpConnectionFactory());
        }

        @Override
        protected void configure(Socket socket) {
            acceptor.complete(Thread.currentThread());
            try {
                mayContinue.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            super.configure(socket);
        }
    }
}
