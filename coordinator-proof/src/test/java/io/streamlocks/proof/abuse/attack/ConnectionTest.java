package io.streamlocks.proof.abuse.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionTest {

    private static final byte[] REQUEST = Requests.get("/", "");

    private ServerSocket server;
    private Socket accepted;
    private Connection connection;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        connection = new Connection(new Socket(server.getInetAddress(), server.getLocalPort()));
        accepted = server.accept();
    }

    @AfterEach
    void close() throws IOException {
        connection.close();
        accepted.close();
        server.close();
    }

    /** They wait in the buffer of the operating system. */
    private void willAnswer(String text) throws IOException {
        accepted.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void answersOfAllFormsAreReadOneAfterTheOther() throws IOException {
        willAnswer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na \u00e9");
        willAnswer("HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\nA\r\nten chunks\r\n0\r\n\r\n");
        willAnswer("HTTP/1.1 204 No Content\r\n\r\n");

        assertThat(connection.exchange(REQUEST)).isEqualTo(new Connection.Answer(200, "a \u00e9"));
        assertThat(connection.exchange(REQUEST)).isEqualTo(new Connection.Answer(400, "in ten chunks"));
        assertThat(connection.exchange(REQUEST)).isEqualTo(new Connection.Answer(204, ""));
        assertThat(connection.isClosed()).isFalse();
    }

    @Test
    void aConnectionOfWhichTheServerSaysSoIsClosedAfterItsAnswer() throws IOException {
        willAnswer("HTTP/1.1 503 Busy\r\nconnection: close\r\nContent-Length: 0\r\n\r\n");

        assertThat(connection.exchange(REQUEST)).isEqualTo(new Connection.Answer(503, ""));
        assertThat(connection.isClosed()).isTrue();
    }

    @Test
    void halfAnAnswerIsAnErrorAndSoIsWhatIsNoHttp() throws IOException {
        willAnswer("SSH-2.0\r\n");
        assertThatThrownBy(() -> connection.exchange(REQUEST)).isInstanceOf(IOException.class);

        willAnswer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        accepted.shutdownOutput();
        assertThatThrownBy(() -> connection.exchange(REQUEST)).isInstanceOf(IOException.class);
    }
}
