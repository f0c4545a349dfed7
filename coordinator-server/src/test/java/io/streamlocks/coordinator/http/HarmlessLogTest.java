package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.log.CapturedLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A client cannot fill the log, whatever it sends, and however it ends its connection. */
@Isolated
class HarmlessLogTest {

    private static final String GET = "GET /v1/locks HTTP/1.1\r\nHost: x\r\n";
    private static final String POST =
            "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";

    private static final List<String> REQUESTS = List.of(
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
            "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
            "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /livez HTTP/0.9\r\n\r\n",
            "GET /livez\r\n",
            "GET https://x:99999/livez HTTP/1.1\r\nHost: x:99999\r\n\r\n",
            "GET http://[/livez HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/locks/%u0041 HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/locks;jsessionid=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/locks/;a=b/..;/x HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /console/%00%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /docs/%c0%af HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/locks/\u00ff\u0080?\u00ff=\u00c3 HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/locks/a\u009b31mb HTTP/1.1\r\nHost: x\r\n\r\n",
            GET + "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: x\r\n\r\n",
            GET + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            GET + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: %%\r\n\r\n",
            GET + "Cookie: $Version=x; \u00ff=\"\\\u0001; JSESSIONID=..\r\n\r\n",
            GET + "Expect: 100-continue\r\n\r\n",
            GET
                    + "Accept: \u00ff/;q=x\r\nAccept-Language: \u00e9-;q=9\r\nIf-Modified-Since: x\r\nRange: bytes=9-1\r\n\r\n",
            GET + "Authorization: Digest \u00ff\r\nAuthorization: Bearer\r\n\r\n",
            GET + "traceparent: 00-zz\r\nX-Request-Id: \u00ff\r\nForwarded: for=\"\r\nX-Forwarded-For: \u0001x\r\n\r\n",
            GET + " folded: x\r\n\r\n",
            GET + "Content-Length: 9999999999999999999999\r\n\r\n",
            GET + "Content-Length: -1\r\n\r\n",
            POST + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n{}x",
            POST + "Content-Length: 2\r\nContent-Type: application/json;charset=no-such\r\n\r\n{}",
            "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data;boundary=\r\n"
                    + "Content-Length: 2\r\n\r\n{}",
            "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Type: application/json;charset=%\r\n"
                    + "Content-Length: 2\r\n\r\n\u00ff\u00ff",
            POST + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n[[",
            POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
            CHUNKED + "zz\r\n",
            CHUNKED + "2;x=\"\u0001\r\n{}\r\n0\r\n\r\n",
            CHUNKED + "2\r\n{}x\r\n0\r\n\r\n",
            CHUNKED + "ffffffffffffffff\r\n",
            CHUNKED + "2\r\n{}\r\n0\r\nno trailer\r\n\r\n",
            CHUNKED + "2\r\n{}\r\n0\r\nX: " + "x".repeat(20_000) + "\r\n\r\n",
            CHUNKED + "2\r\n{}\r\n0\r\n",
            POST + "Content-Length: 100\r\n\r\n{\"ownerId\":",
            POST + "Content-Length: 100000\r\n\r\n" + "[".repeat(100_000),
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n",
            "\r\n".repeat(5000) + "x");

    @Test
    void nothingThatAClientSendsIsLogged() throws Exception {
        try (TestServer server = TestServer.open();
                CapturedLog log = new CapturedLog()) {
            for (String request : REQUESTS) {
                byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
                sendAndEnd(server.port, bytes);
                sendAndReset(server.port, bytes, bytes.length);
                sendAndReset(server.port, bytes, bytes.length / 2);
                // This follows a good request, after which the connection stays.
                sendAndEnd(server.port, (GET + "\r\n" + request).getBytes(StandardCharsets.ISO_8859_1));
            }
            assertThat(server.get("/livez").statusCode()).isEqualTo(200);
            assertThat(log.from(Level.INFO)).isEmpty();
        }
    }

    /** Sends a request, closes the sending side, and reads until the server ends the connection. */
    private static void sendAndEnd(int port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        } catch (java.net.SocketException e) {
            // The server ended it first.
        }
    }

    private static void sendAndReset(int port, byte[] bytes, int count) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoLinger(true, 0);
            socket.getOutputStream().write(bytes, 0, count);
        } catch (java.net.SocketException e) {
            // The server ended it first.
        }
    }
}
