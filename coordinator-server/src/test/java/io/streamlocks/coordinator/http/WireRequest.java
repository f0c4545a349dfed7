package io.streamlocks.coordinator.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A request as it goes over the wire, any part of which can be wrong. Characters of its head are bytes. */
final class WireRequest {

    String method;
    String target;
    String version = "HTTP/1.1";
    String lineEnd = "\r\n";
    final List<String> headers = new ArrayList<>(List.of("Host: test"));

    /** In the order of the wire, behind the head. */
    byte[] body = {};

    /** The value of Content-Length; null to leave the header out. */
    String contentLength;

    WireRequest(String method, String target) {
        this.method = method;
        this.target = target;
    }

    WireRequest json(String json) {
        headers.add("Content-Type: application/json");
        return body(json.getBytes(StandardCharsets.UTF_8));
    }

    WireRequest body(byte[] bytes) {
        body = bytes;
        contentLength = Integer.toString(bytes.length);
        return this;
    }

    /** The body in chunks as they are, without a Content-Length. */
    WireRequest chunks(String chunks) {
        body = chunks.getBytes(StandardCharsets.ISO_8859_1);
        contentLength = null;
        headers.add("Transfer-Encoding: chunked");
        return this;
    }

    void dropHeader(String name) {
        headers.removeIf(header -> header.startsWith(name + ":"));
    }

    byte[] bytes() {
        StringBuilder head = new StringBuilder(method);
        head.append(' ')
                .append(target)
                .append(version.isEmpty() ? "" : " ")
                .append(version)
                .append(lineEnd);
        headers.forEach(header -> head.append(header).append(lineEnd));
        if (contentLength != null) {
            head.append("Content-Length: ").append(contentLength).append(lineEnd);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(head.append(lineEnd).toString().getBytes(StandardCharsets.ISO_8859_1));
        bytes.writeBytes(body);
        return bytes.toByteArray();
    }
}
