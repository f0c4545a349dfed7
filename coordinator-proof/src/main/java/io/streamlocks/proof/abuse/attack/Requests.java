package io.streamlocks.proof.abuse.attack;

import java.nio.charset.StandardCharsets;

/** Builds requests as bytes. */
final class Requests {

    private static final String HOST = "Host: localhost\r\n";

    private Requests() {}

    /** Returns a GET request. Each header ends with CR and LF. */
    static byte[] get(String path, String headers) {
        return ascii("GET " + path + " HTTP/1.1\r\n" + HOST + headers + "\r\n");
    }

    /** Returns a POST request with a JSON body. */
    static byte[] post(String path, String headers, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = postHead(path, headers, bytes.length);
        byte[] all = new byte[head.length + bytes.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(bytes, 0, all, head.length, bytes.length);
        return all;
    }

    /** Returns the head of a POST request that announces a body. */
    static byte[] postHead(String path, String headers, int length) {
        return ascii("POST " + path + " HTTP/1.1\r\n" + HOST + headers
                + "Content-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n");
    }

    /** Returns the header with a token. */
    static String bearer(String token) {
        return "Authorization: Bearer " + token + "\r\n";
    }

    /** Returns the text with each character up to U+00FF as one byte. */
    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
