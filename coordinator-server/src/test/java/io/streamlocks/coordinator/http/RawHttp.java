package io.streamlocks.coordinator.http;

import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Sends requests byte by byte, which no client would send. */
final class RawHttp {

    private static final int TIMEOUT_MILLIS = 10_000;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private RawHttp() {}

    /** A response. The names of its headers are case-insensitive. */
    record Answer(int status, Map<String, String> headers, String body) {

        JsonNode json() {
            try {
                return MAPPER.readTree(body);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Sends a request, and compares the exchange with the contract. */
    static Answer send(int port, String method, String target, Map<String, String> headers, byte[] body) {
        return send(port, method, target, headers, body.length, body);
    }

    /** Sends a request whose Content-Length may differ from its body. */
    static Answer send(
            int port, String method, String target, Map<String, String> headers, int contentLength, byte[] body) {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: test\r\n");
        head.append("Connection: close\r\nContent-Length: ")
                .append(contentLength)
                .append("\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        Answer answer = send(port, concat(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8), body));

        // The server must refuse what java.net.URI does not accept. The contract only needs the path.
        SimpleRequest.Builder request =
                OpenApiFilter.request(method, URI.create(target.replaceAll("%(?!\\p{XDigit}{2})", "%25")));
        headers.forEach((name, value) -> request.withHeader(name, value));
        SimpleResponse.Builder response = new SimpleResponse.Builder(answer.status()).withBody(answer.body());
        answer.headers().forEach((name, value) -> response.withHeader(name, value));
        OpenApiFilter.verify(request.withBody(body).build(), response.build());
        return answer;
    }

    /** Returns a request whose connection ends with it. */
    static byte[] request(String method, String target, String body) {
        String head = method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\n";
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String length = bytes.length == 0 ? "" : "Content-Length: " + bytes.length + "\r\n";
        return concat((head + length + "\r\n").getBytes(StandardCharsets.UTF_8), bytes);
    }

    /** Sends bytes, which need not be HTTP, and reads until the server ends the connection. */
    static Answer send(int port, byte[] request) {
        return sendFrom(InetAddress.getLoopbackAddress(), port, request);
    }

    /** Sends bytes from an address of the loopback interface. */
    static Answer sendFrom(InetAddress address, int port, byte[] request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port, address, 0)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            return answer(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Answer answer(String text) {
        String[] parts = text.split("\r\n\r\n", 2);
        String[] lines = parts[0].split("\r\n");
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 1; i < lines.length; i++) {
            String[] header = lines[i].split(":", 2);
            headers.put(header[0], header[1].trim());
        }
        return new Answer(Integer.parseInt(lines[0].split(" ")[1]), headers, parts[1]);
    }

    private static byte[] concat(byte[] first, byte[] second) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(first);
        bytes.writeBytes(second);
        return bytes.toByteArray();
    }
}
