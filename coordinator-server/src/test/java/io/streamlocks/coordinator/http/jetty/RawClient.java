package io.streamlocks.coordinator.http.jetty;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A connection on which a test sends requests and reads responses, byte by byte. */
final class RawClient implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 30_000;

    private final Socket socket;
    private final int localPort;

    RawClient(int port) throws IOException {
        this(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    /** Takes a socket that is connected. */
    RawClient(Socket socket) throws IOException {
        this.socket = socket;
        this.localPort = socket.getLocalPort();
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
    }

    Socket socket() {
        return socket;
    }

    int localPort() {
        return localPort;
    }

    RawClient get(String path) throws IOException {
        return send(head("GET", path, ""));
    }

    RawClient post(String path, String body) throws IOException {
        return send(head("POST", path, "Content-Length: " + body.length() + "\r\n") + body);
    }

    static String head(String method, String path, String headers) {
        return method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
    }

    RawClient send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    /** Reads one response, and returns its status and its body. */
    String response() throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("The connection ended after " + head);
            }
            head.append((char) next);
        }
        String status = head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length());
        String length = "content-length: ";
        int at = head.toString().toLowerCase(Locale.ROOT).indexOf(length);
        int end = head.indexOf("\r\n", at);
        byte[] body = in.readNBytes(Integer.parseInt(head.substring(at + length.length(), end)));
        return status + " " + new String(body, StandardCharsets.US_ASCII);
    }

    /** Returns whether the server ends the connection without another byte. */
    boolean isEnded() throws IOException {
        return socket.getInputStream().read() < 0;
    }

    /** Closes the connection such that the server gets a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
