package io.streamlocks.bench;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A connection that is kept, for one HTTP call after the other. An HTTP client would take as much of the processors as
 * the server does, and the benchmark would measure the client. This class understands only the responses of the
 * coordinator to small calls: a status, headers and a body with a content length. One thread at a time may use it.
 */
final class PlainConnection implements Closeable {

    private static final int TIMEOUT_MS = 10_000;
    private static final String CONTENT_LENGTH = "content-length:";

    private final String host;
    private final Socket socket = new Socket();
    private final InputStream in;

    /**
     * A response.
     *
     * @param status the status
     * @param body the body; empty if there is none
     */
    record Response(int status, String body) {}

    /** Connects. Blocks for at most 10 s. */
    PlainConnection(URI uri) throws IOException {
        SocketAddress address = new InetSocketAddress(uri.getHost(), uri.getPort());
        this.host = uri.getAuthority();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(address, TIMEOUT_MS);
            this.in = new BufferedInputStream(socket.getInputStream());
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
        String request = "POST " + path + " HTTP/1.1\r\nHost: " + host
                + "\r\nContent-Type: application/json\r\nContent-Length: " + json.length() + "\r\n\r\n" + json;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String statusLine = line();
        // HTTP/1.1 200 OK
        int status = Integer.parseInt(statusLine.split(" ", 3)[1]);
        int length = status == 204 ? 0 : -1;
        for (String header = line(); !header.isEmpty(); header = line()) {
            if (header.toLowerCase(Locale.ROOT).startsWith(CONTENT_LENGTH)) {
                length = Integer.parseInt(
                        header.substring(CONTENT_LENGTH.length()).trim());
            }
        }
        if (length < 0) {
            throw new IOException("A response has no content length: " + statusLine);
        }
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("The server has closed a connection within a response");
        }
        return new Response(status, new String(body, StandardCharsets.UTF_8));
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
