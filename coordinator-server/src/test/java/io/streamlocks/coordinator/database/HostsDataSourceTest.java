package io.streamlocks.coordinator.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.testkit.rig.Machine;
import io.streamlocks.testkit.rig.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.SocketFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

@Tag("postgres")
class HostsDataSourceTest {

    @BeforeEach
    void forgetOtherTests() {
        FarNetwork.TRIED.clear();
    }

    @Test
    void aHostThatDoesNotRespondLeavesTheOthersTheirTime() throws Exception {
        try (TestDatabase database = TestDatabase.migrated();
                SilentHost silent = new SilentHost();
                Connection connection = dataSource(database, silent.port()).getConnection()) {
            assertThat(connection.isValid(1)).isTrue();
            assertThat(FarNetwork.TRIED).startsWith(silent.port());
        }
    }

    @Test
    void theHostThatWasConnectedLastComesFirst() throws Exception {
        try (TestDatabase database = TestDatabase.migrated();
                SilentHost silent = new SilentHost()) {
            PGSimpleDataSource dataSource = dataSource(database, silent.port());
            dataSource.getConnection().close();
            FarNetwork.TRIED.clear();

            dataSource.getConnection().close();

            assertThat(FarNetwork.TRIED).isNotEmpty().doesNotContain(silent.port());
        }
    }

    @Test
    void aHostThatFailedComesLastAndTheMessageIsTheSame() throws Exception {
        int one = Machine.freePort();
        int other = Machine.freePort();
        PGSimpleDataSource dataSource = DatabaseUrl.parse("postgres://u@127.0.0.1:" + one + ",127.0.0.1:" + other
                        + "/d?socketFactory=" + FarNetwork.class.getName())
                .dataSource();

        List<String> messages = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(dataSource::getConnection)
                    .isInstanceOfSatisfying(SQLException.class, failure -> {
                        assertThat(failure.getSQLState()).isEqualTo("08001");
                        messages.add(failure.getMessage());
                    })
                    .hasMessageContaining("127.0.0.1:" + one + ": ")
                    .hasMessageContaining("; 127.0.0.1:" + other + ": ");
        }

        assertThat(messages.get(1)).isEqualTo(messages.get(0));
        assertThat(FarNetwork.TRIED.stream().distinct()).containsExactly(one, other);
        assertThat(List.copyOf(FarNetwork.TRIED)).endsWith(one);
    }

    private static PGSimpleDataSource dataSource(TestDatabase database, int silentPort) {
        String url = database.url().replace("@localhost:", "@localhost:" + silentPort + ",localhost:");
        return DatabaseUrl.parse(url + "?connectTimeout=1&socketFactory=" + FarNetwork.class.getName())
                .dataSource();
    }

    /** A host whose machine is off, so nothing responds to a connection. */
    private static final class SilentHost implements AutoCloseable {

        private final ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final List<Socket> waiting = new ArrayList<>();

        SilentHost() throws IOException {
            // The system drops the packets of further connections while so many wait to be accepted.
            for (boolean full = false; !full; ) {
                Socket one = new Socket();
                waiting.add(one);
                try {
                    one.connect(socket.getLocalSocketAddress(), 200);
                } catch (SocketTimeoutException e) {
                    full = true;
                }
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            for (Socket one : waiting) {
                one.close();
            }
            socket.close();
        }
    }

    /** A network on which a connection takes so long that a time-out of less than 100 ms is too short. */
    public static final class FarNetwork extends SocketFactory {

        /** The ports of all connections that were tried. */
        static final Queue<Integer> TRIED = new ConcurrentLinkedQueue<>();

        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(SocketAddress to, int timeoutMs) throws IOException {
                    TRIED.add(((InetSocketAddress) to).getPort());
                    if (timeoutMs > 0 && timeoutMs < 100) {
                        throw new SocketTimeoutException("Connect timed out");
                    }
                    super.connect(to, timeoutMs);
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
            throw new UnsupportedOperationException();
        }
    }
}
