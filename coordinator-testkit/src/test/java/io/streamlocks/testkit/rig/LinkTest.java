package io.streamlocks.testkit.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** It is isolated because another test could be given the port of a link that refuses. */
@Isolated
class LinkTest {

    /** Responds to each byte with the next one, and remembers what it got. */
    private static final class Server implements AutoCloseable {

        private final ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        private final List<Integer> received = new CopyOnWriteArrayList<>();
        private final int step;

        Server(int step) throws IOException {
            this.step = step;
            start(() -> {
                while (true) {
                    Socket socket = listening.accept();
                    start(() -> serve(socket));
                }
            });
        }

        private void serve(Socket socket) throws IOException {
            try (socket) {
                for (int read = socket.getInputStream().read();
                        read >= 0;
                        read = socket.getInputStream().read()) {
                    received.add(read);
                    socket.getOutputStream().write(read + step);
                }
            }
        }

        @Override
        public void close() throws IOException {
            listening.close();
        }
    }

    private interface Io {
        void run() throws IOException;
    }

    private static void start(Io io) {
        Thread thread = new Thread(() -> {
            try {
                io.run();
            } catch (IOException closed) {
                // Tests end connections in this way.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private Server server;
    private Link link;

    @BeforeEach
    void open() throws IOException {
        server = new Server(1);
        link = new Link(server.listening.getLocalPort());
    }

    @AfterEach
    void close() throws IOException {
        link.close();
        server.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), link.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static int call(Socket socket, int request) throws IOException {
        socket.getOutputStream().write(request);
        return socket.getInputStream().read();
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(200);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(20_000);
    }

    @Test
    void aNewLinkPassesBytesBothWays() throws IOException {
        try (Socket socket = connect()) {
            assertThat(call(socket, 1)).isEqualTo(2);
            assertThat(call(socket, 5)).isEqualTo(6);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SILENT", "SILENT_TO_SERVER", "SILENT_TO_CLIENT"})
    void whatASilentLinkHoldsUpArrivesWhenItPasses(Link.State state) throws IOException {
        try (Socket socket = connect()) {
            assertThat(call(socket, 1)).isEqualTo(2);
            link.set(state);
            socket.getOutputStream().write(7);
            assertSilent(socket);
            if (state == Link.State.SILENT_TO_CLIENT) {
                await().until(() -> server.received.equals(List.of(1, 7)));
            } else {
                assertThat(server.received).containsExactly(1);
            }
            link.heal();
            assertThat(socket.getInputStream().read()).isEqualTo(8);
        }
    }

    @Test
    void whatACutConnectionHeldUpIsLost() throws IOException {
        link.set(Link.State.SILENT_TO_SERVER);
        try (Socket socket = connect()) {
            socket.getOutputStream().write(7);
            assertSilent(socket);
            link.cut();
            link.heal();
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
        }
        try (Socket socket = connect()) {
            assertThat(call(socket, 1)).isEqualTo(2);
        }
        assertThat(server.received).containsExactly(1);
    }

    @Test
    void aLinkThatResetsAcceptsConnectionsAndResetsThem() throws IOException {
        try (Socket before = connect()) {
            assertThat(call(before, 1)).isEqualTo(2);
            link.set(Link.State.RESET);
            assertThatThrownBy(() -> call(before, 1)).isInstanceOf(SocketException.class);
        }
        try (Socket during = connect()) {
            assertThatThrownBy(() -> call(during, 1)).isInstanceOf(SocketException.class);
        }
        link.heal();
        try (Socket after = connect()) {
            assertThat(call(after, 1)).isEqualTo(2);
        }
    }

    @Test
    void aLinkThatRefusesResetsConnectionsAndListensAtTheSamePortAgain() throws IOException {
        int port = link.port();
        try (Socket before = connect()) {
            assertThat(call(before, 1)).isEqualTo(2);
            link.set(Link.State.REFUSE);
            assertThatThrownBy(() -> call(before, 1)).isInstanceOf(SocketException.class);
        }
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
        link.heal();
        // The thread that accepts is sometimes late, so this is tried often.
        for (int i = 0; i < 500; i++) {
            link.set(Link.State.REFUSE);
            assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
            link.heal();
        }
        assertThat(link.port()).isEqualTo(port);
        try (Socket after = connect()) {
            assertThat(call(after, 1)).isEqualTo(2);
        }
    }

    @Test
    void aDroppedReplyResetsTheConnectionAfterTheServerGotTheRequest() throws IOException {
        link.set(Link.State.REPLY_DROPPED);
        try (Socket socket = connect()) {
            assertThatThrownBy(() -> call(socket, 7)).isInstanceOf(SocketException.class);
        }
        assertThat(server.received).containsExactly(7);
    }

    @Test
    void bytesUnderWayAreNotDelayedAnyMoreWhenTheDelayEnds() throws IOException {
        link.delay(Duration.ofHours(1).toMillis());
        try (Socket socket = connect()) {
            socket.getOutputStream().write(1);
            assertSilent(socket);
            link.delay(0);
            assertThat(socket.getInputStream().read()).isEqualTo(2);
        }
    }

    @Test
    void newConnectionsGoWhereTheLinkLeads() throws IOException {
        try (Server other = new Server(10);
                Socket before = connect()) {
            assertThat(call(before, 1)).isEqualTo(2);
            link.leadTo(other.listening.getLocalPort());
            assertThat(call(before, 1)).isEqualTo(2);
            try (Socket after = connect()) {
                assertThat(call(after, 1)).isEqualTo(11);
            }
        }
    }

    @Test
    void aClosedLinkRefusesForGood() throws IOException {
        link.close();
        link.heal();
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    }
}
