package io.streamlocks.proof.abuse.attack;

import java.nio.charset.StandardCharsets;

/** Requests as bytes. */
final class Requests {

    private static final String HOST = "Host: localhost\r\n";

    private Requests() {}

    /** A GET with some headers, each of which ends with CR and LF. */
    static byte[] get(String path, String headers) {
        return ascii("GET " + path + " HTTP/1.1\r\n" + HOST + headers + "\r\n");
    }

    /** A POST of JSON. */
    static byte[] post(String path, String headers, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = postHead(path, headers, bytes.length);
        byte[] all = new byte[head.length + bytes.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(bytes, 0, all, head.length, bytes.length);
        return all;
    }

    /** The head of a POST that announces a body. */
    static byte[] postHead(String path, String headers, int length) {
        return ascii("POST " + path + " HTTP/1.1\r\n" + HOST + headers
                + "Content-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n");
    }

    /** The header that says who calls. */
    static String bearer(String token) {
        return "Authorization: Bearer " + token + "\r\n";
    }

    /** The bytes of characters up to U+00FF, each as one byte. */
    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
