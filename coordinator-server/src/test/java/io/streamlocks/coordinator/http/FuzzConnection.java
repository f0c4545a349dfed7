package io.streamlocks.coordinator.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The client side of connections: one that is kept, and others for requests that end their connection. */
final class FuzzConnection implements AutoCloseable {

    /** Far above what any response takes. */
    private static final int TIMEOUT_MILLIS = 10_000;

    private final int port;
    private Socket kept;
    private InputStream in;

    /** The last requests on the connection that is kept. */
    private String before = "nothing";

    FuzzConnection(int port) {
        this.port = port;
    }

    /** A response of the server. */
    record Answer(int status, Map<String, String> headers, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return status + " " + headers + " " + text();
        }
    }

    /** Sends requests that each get a response, on a connection that continues. */
    List<Answer> exchange(byte[] requests, List<String> methods) throws IOException {
        if (kept == null) {
            kept = connect();
            in = new BufferedInputStream(kept.getInputStream());
        }
        kept.getOutputStream().write(requests);
        List<Answer> answers = new ArrayList<>();
        for (String method : methods) {
            if (kept == null) {
                // The server ends this connection after the request.
                break;
            }
            Answer answer;
            try {
                answer = read(in, method);
            } catch (IOException e) {
                throw new IOException(
                        "No answer (" + e + ") to request " + (answers.size() + 1) + " after " + before + " and "
                                + answers,
                        e);
            }
            answers.add(answer);
            if (answer.headers.getOrDefault("Connection", "").contains("close")) {
                end();
            }
        }
        before = FuzzCases.shown(requests) + "\nanswered with " + answers;
        return answers;
    }

    /** Sends a request, ends the sending side of the connection, and reads what comes until the server ends its own. */
    List<Answer> exchangeAndEnd(byte[] request, String method) throws IOException {
        List<Answer> answers = new ArrayList<>();
        try (Socket socket = connect()) {
            try {
                socket.getOutputStream().write(request);
                socket.shutdownOutput();
            } catch (IOException e) {
                // The server has answered and ended the connection already.
            }
            InputStream input = new BufferedInputStream(socket.getInputStream());
            while (true) {
                input.mark(1);
                if (input.read() < 0) {
                    return answers;
                }
                input.reset();
                answers.add(read(input, method));
            }
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            // The connection was reset, because the server had not read everything.
            return answers;
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static Answer read(InputStream in, String method) throws IOException {
        String statusLine = line(in);
        if (!statusLine.matches("HTTP/1\\.1 [1-5]\\d\\d .*")) {
            throw new AssertionError("No status line: " + statusLine);
        }
        int status = Integer.parseInt(statusLine.substring(9, 12));
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            String[] parts = header.split(":", 2);
            headers.merge(parts[0], parts[1].trim(), (first, second) -> first + ", " + second);
        }
        if (status == 100) {
            return read(in, method);
        }
        if (method.equals("HEAD") || status == 204) {
            return new Answer(status, headers, new byte[0]);
        }
        if (headers.containsKey("Content-Length")) {
            return new Answer(status, headers, bytes(in, Integer.parseInt(headers.get("Content-Length"))));
        }
        if (!headers.getOrDefault("Transfer-Encoding", "").equals("chunked")) {
            return new Answer(status, headers, in.readAllBytes());
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = Integer.parseInt(line(in), 16); size > 0; size = Integer.parseInt(line(in), 16)) {
            body.writeBytes(bytes(in, size));
            line(in);
        }
        line(in);
        return new Answer(status, headers, body.toByteArray());
    }

    private static byte[] bytes(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("The answer ended early");
        }
        return bytes;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                throw new EOFException("The connection ended after: " + line);
            }
            line.append((char) octet);
        }
        return line.toString().strip();
    }

    /** Ends the connection that is kept. The next exchange has a new one. */
    void end() throws IOException {
        if (kept != null) {
            kept.close();
            kept = null;
            before = "nothing";
        }
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
