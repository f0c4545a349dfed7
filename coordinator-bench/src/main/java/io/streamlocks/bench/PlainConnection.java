package io.streamlocks.bench;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A connection for one HTTP call after the other. It is kept until the server wants to close it, and then replaced. An
 * HTTP client would take as much of the processors as the server does, and the benchmark would measure the client. This
 * class understands only the responses of the coordinator to small calls: a status, headers and a body with a content
 * length. One thread at a time may use it.
 */
final class PlainConnection implements Closeable {

    private static final int TIMEOUT_MS = 10_000;
    private static final String CONTENT_LENGTH = "content-length:";
    private static final String CLOSE = "connection: close";

    private final URI uri;
    private Socket socket;
    private InputStream in;

    /**
     * A response.
     *
     * @param status the status
     * @param body the body; empty if there is none
     */
    record Response(int status, String body) {}

    /** Connects. Blocks for at most 10 s. */
    PlainConnection(URI uri) throws IOException {
        this.uri = uri;
        connect();
    }

    private void connect() throws IOException {
        socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), TIMEOUT_MS);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Sends JSON, and returns the response. Blocks for at most 10 s for each part of the response.
     *
     * @param path a path without characters that must be escaped
     */
    Response post(String path, String json) throws IOException {
        if (socket.isClosed()) {
            connect();
        }
        boolean isKept = false;
        try {
            String request = "POST " + path + " HTTP/1.1\r\nHost: " + uri.getAuthority()
                    + "\r\nContent-Type: application/json\r\nContent-Length: " + json.length() + "\r\n\r\n" + json;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            // HTTP/1.1 200 OK
            int status = Integer.parseInt(line().split(" ", 3)[1]);
            int length = status == 204 ? 0 : -1;
            boolean closes = false;
            for (String header = line(); !header.isEmpty(); header = line()) {
                String lower = header.toLowerCase(Locale.ROOT);
                closes |= lower.equals(CLOSE);
                if (lower.startsWith(CONTENT_LENGTH)) {
                    length = Integer.parseInt(
                            lower.substring(CONTENT_LENGTH.length()).trim());
                }
            }
            if (length < 0) {
                throw new IOException("A response with status " + status + " has no content length");
            }
            byte[] body = in.readNBytes(length);
            if (body.length < length) {
                throw new EOFException("The server has closed a connection within a response");
            }
            isKept = !closes;
            return new Response(status, new String(body, StandardCharsets.UTF_8));
        } finally {
            if (!isKept) {
                socket.close();
            }
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("The server has closed a connection before a response");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
