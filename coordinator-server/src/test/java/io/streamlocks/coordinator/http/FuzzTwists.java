package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;

/** Ways in which any request can be wrong or odd as HTTP. */
final class FuzzTwists {

    /** The permitted outcomes. */
    enum Kind {
        /** It responds, and the connection may continue. */
        ANSWERED,
        /** It responds, and nothing else can be sent on this connection. */
        LAST,
        /** It responds or ends the connection: the request makes no sense as HTTP, or is incomplete. */
        ANSWERED_OR_ENDED
    }

    /** @param apply changes a request that was valid before */
    record Twist(String name, Kind kind, BiConsumer<WireRequest, Random> apply) {}

    private static final List<String> CONTENT_TYPES = List.of(
            "text/plain",
            "application/xml",
            "application/json; charset=utf-16",
            "application/json;charset=\"",
            "application/json, text/plain",
            "application/problem+json",
            ";",
            "/",
            "\u00ff",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "a".repeat(4000),
            "${jndi:x}");

    private static final List<String> HEADERS = List.of(
            "X-Request-Id: ' OR 1=1 --",
            "X-Request-Id: <script>",
            "X-Request-Id: \u00e9\u00ff\u0080",
            "X-Request-Id:",
            "X-Request-Id: " + "r".repeat(4000),
            "traceparent: 00-0-0-0",
            "traceparent: \u00ff",
            "traceparent: 00-00000000000000000000000000000000-0000000000000000-00",
            "traceparent: ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "traceparent: " + "0-".repeat(1000),
            "tracestate: " + "a=b,".repeat(800),
            "baggage: a=%zz,=;;",
            "Authorization: Basic !!!",
            "Authorization: Basic dTpw",
            "Authorization: Bearer",
            "Authorization: Bearer " + "x".repeat(4000),
            "Authorization: Bearer a.b.c",
            "Authorization: Bearer \u00ff",
            "Authorization: Negotiate x",
            "Authorization:",
            "Cookie: JSESSIONID=x; ;;=",
            "Cookie: a=\"",
            "Cookie2: x",
            "Accept: */*;q=9",
            "Accept: text/plain",
            "Accept: text/html",
            "Accept: ;;;,",
            "Accept:",
            "Accept: a/b/c;;q",
            "Accept-Encoding: gzip, br;q=x",
            "Accept-Language: -",
            "Accept-Charset: utf-16",
            "Range: bytes=0-1",
            "Range: bytes=9-1,-",
            "If-None-Match: *",
            "If-Modified-Since: yesterday",
            "If-Match: \"x\"",
            "TE: trailers",
            "Origin: https://elsewhere.example",
            "Origin: null",
            "Forwarded: for=\"[::1]\";host=x",
            "Max-Forwards: -1",
            "X-Forwarded-For: 1.2.3.4",
            "X-Forwarded-Host: elsewhere",
            "X-Forwarded-Proto: https",
            "Via: 1.1 x",
            "X-HTTP-Method-Override: DELETE",
            "X-Original-URL: /readyz",
            "X-Rewrite-URL: /readyz",
            "Date: x",
            "Sec-WebSocket-Key: x",
            "Content-Encoding: gzip",
            "Content-Encoding: \u00ff",
            "Content-Language: x",
            "Content-Disposition: attachment; filename=\"../x\"",
            "Trailer: x",
            "Connection: Host",
            "Connection: x,,y",
            "Keep-Alive: timeout=999999999",
            "Proxy-Connection: keep-alive",
            "Pragma: no-cache",
            "Referer: \u00ff",
            "User-Agent: () { :; }; echo",
            "x: " + "y".repeat(6000),
            "HTTP2-Settings: x");

    private static final List<String> BROKEN_HEADERS = List.of(
            "no colon",
            ": no name",
            "Na me: x",
            "X : x",
            "X\t: x",
            "X-Nul: a\u0000b",
            "X-Nul\u0000: x",
            "X-Cr: a\rb",
            "X-Fold: a\r\n b",
            " X-Leading: x",
            "X-Control: a\u0001b",
            "Host: other",
            "Host: a b",
            "Host: [::1",
            "Content-Length: x",
            "Content-Length: -1",
            "Content-Length: +1",
            "Content-Length: 1e3",
            "Content-Length: 1,1",
            "Content-Length: 99999999999999999999",
            "Content-Length: 0x10",
            "Content-Length:",
            "Transfer-Encoding: gzip",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: x",
            "Transfer-Encoding:",
            "Transfer-Encoding: \u00ff",
            "Transfer-Encoding : chunked",
            "Expect: x",
            "Expect: 100-continue, x",
            "Upgrade: websocket",
            "Upgrade: h2c",
            "Connection: upgrade",
            "X-Large: " + "x".repeat(16_384),
            "x".repeat(16_384) + ": x");

    private static final List<String> METHODS = List.of(
            "get",
            "post",
            "FOO",
            "GETT",
            "TRACE",
            "TRACK",
            "OPTIONS",
            "CONNECT",
            "PUT",
            "PATCH",
            "DELETE",
            "HEAD",
            "PROPFIND",
            "M-SEARCH",
            "BEFORE",
            "AFTER",
            "WEBSOCKET_BEFORE_UPGRADE",
            "INVALID",
            "G\u00c9T",
            "G\u0000T",
            "<",
            "",
            "PRI",
            "M".repeat(5000));

    private static final List<String> TARGETS = List.of(
            "*",
            "",
            "x",
            "//",
            "///v1/locks",
            "/.",
            "/..",
            "/../../etc/passwd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/..%2f..%2fetc%2fpasswd",
            "/%252e%252e/",
            "/docs/..%2f",
            "/docs/%2e%2e%2fopenapi.yaml",
            "/docs//docs.js",
            "/docs/docs.js%00",
            "/docs/docs.js%2e",
            "/docs/.",
            "/docs/%5c..%5c",
            "/%c0%ae%c0%ae/",
            "/v1/locks/%c0%af",
            "/v1/locks/%00",
            "/v1/locks/%",
            "/v1/locks/%2",
            "/v1/locks/%zz",
            "/v1/locks/%u0041",
            "/v1/locks/a\u0000b",
            "/v1/locks/\u00e9",
            "/v1/locks/\u00c3\u00a9",
            "/v1/locks/a b",
            "/v1/locks/a\tb",
            "/v1/locks/;",
            "/v1/locks;a",
            "/v1/locks/;a=b",
            "/v1/locks/a;b=c/acquire;d",
            "/;/v1/locks",
            "/v1/locks/a#b",
            "/v1/locks/a?b#c",
            "/#",
            "/v1/locks/" + "x".repeat(8192),
            "/v1/locks/" + "%C3%A9".repeat(1500),
            "/" + "a/".repeat(4000),
            "/v1/locks?" + "a".repeat(8192),
            "/v1/locks?" + "a&".repeat(3000),
            "/v1/locks?" + "pageSize=1&".repeat(500),
            "http://test/livez",
            "http://other/livez",
            "http://test",
            "https://test:99999/livez",
            "HTTP://TEST/livez",
            "http://[::1]/livez",
            "http://user:password@test/livez",
            "http:///livez",
            "http:/livez",
            "http://%/livez",
            "file:///etc/passwd",
            "jar:file:x!/",
            "test:80",
            "/livez?",
            "/livez?x",
            "/livez/",
            "/livez;x",
            "/LIVEZ",
            "/livez%20",
            "/livez%2f",
            "/livez/../readyz",
            "/./livez",
            "/v1/../livez",
            "/v1//locks",
            "/v1/locks//",
            "/v1/locks///acquire",
            "/v1/locks/%2F/acquire",
            "/v1/locks/a/acquire/",
            "/v1/batch",
            "/v1/batch/x",
            "/WEB-INF/web.xml",
            "/META-INF/MANIFEST.MF",
            "/.git/config",
            "/.env",
            "/favicon.ico",
            "/robots.txt",
            "/actuator/env",
            "/metrics/x",
            "/console/..%2f",
            "/console//",
            "?",
            "?x",
            "/\\",
            "/v1\\locks",
            "/{streamId}");

    private static final List<String> BROKEN_CHUNKS = List.of(
            "zz\r\nx\r\n0\r\n\r\n",
            "-1\r\nx\r\n0\r\n\r\n",
            "FFFFFFFFFFFFFFFF\r\nx\r\n",
            "7FFFFFFF\r\nx\r\n",
            "5\r\nx\r\n0\r\n\r\n",
            "1\r\nxx0\r\n\r\n",
            "1\r\nx",
            "1\r\nx\r\n",
            "",
            "\r\n",
            "0\r\n",
            "0",
            "0\r\nX\r\n\r\n",
            "0\r\nX: \u0000\r\n\r\n",
            "1;" + "x".repeat(20_000) + "\r\nx\r\n0\r\n\r\n",
            "0\r\n" + "X: y\r\n".repeat(3000) + "\r\n",
            "0x1\r\nx\r\n0\r\n\r\n",
            "1\nx\n0\n\n",
            " 1\r\nx\r\n0\r\n\r\n",
            "1 \r\nx\r\n0\r\n\r\n",
            "00000000000000000001\r\nx\r\n0\r\n\r\n",
            "1\r\n{\r\n".repeat(2000) + "0\r\n\r\n");

    private FuzzTwists() {}

    static List<Twist> all() {
        List<Twist> twists = new ArrayList<>();
        CONTENT_TYPES.forEach(type -> add(twists, "Content-Type " + type, Kind.ANSWERED, request -> {
            request.dropHeader("Content-Type");
            request.headers.add("Content-Type: " + type);
        }));
        add(twists, "no Content-Type", Kind.ANSWERED, request -> request.dropHeader("Content-Type"));
        add(twists, "two Content-Types", Kind.ANSWERED, request -> request.headers.add("Content-Type: text/plain"));
        HEADERS.forEach(header -> add(twists, header, Kind.ANSWERED, request -> request.headers.add(header)));
        add(twists, "X-\u00e9: x", Kind.LAST, request -> request.headers.add("X-\u00e9: x"));
        BROKEN_HEADERS.forEach(
                header -> add(twists, header, Kind.ANSWERED_OR_ENDED, request -> request.headers.add(header)));
        add(twists, "no Host", Kind.LAST, request -> request.dropHeader("Host"));
        add(twists, "blank Host", Kind.LAST, request -> request.headers.set(0, "Host:"));
        add(twists, "1000 headers", Kind.LAST, request -> {
            for (int i = 0; i < 1000; i++) {
                request.headers.add("X-Header-Number-" + i + ": y");
            }
        });
        add(twists, "a header 500 times", Kind.ANSWERED, request -> {
            for (int i = 0; i < 500; i++) {
                request.headers.add("Accept:x");
            }
        });
        METHODS.forEach(
                method -> add(twists, "method " + method, Kind.ANSWERED_OR_ENDED, request -> request.method = method));
        TARGETS.forEach(
                target -> add(twists, "target " + target, Kind.ANSWERED_OR_ENDED, request -> request.target = target));
        for (String version :
                List.of("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/3", "HTTP/1.2", "http/1.1", "HTTP/1.1x", "")) {
            add(twists, "version " + version, Kind.ANSWERED_OR_ENDED, request -> request.version = version);
        }
        add(twists, "lines end in LF", Kind.ANSWERED_OR_ENDED, request -> request.lineEnd = "\n");
        add(twists, "lines end in CR", Kind.ANSWERED_OR_ENDED, request -> request.lineEnd = "\r");
        add(twists, "empty lines before", Kind.LAST, request -> request.method = "\r\n\r\n" + request.method);
        add(twists, "NULs before", Kind.ANSWERED_OR_ENDED, request -> request.method = "\u0000\u0000" + request.method);
        add(twists, "TLS", Kind.ANSWERED_OR_ENDED, request -> request.method = "\u0016\u0003\u0001\u0002\u0000\u0001");
        addBodies(twists);
        return twists;
    }

    private static void addBodies(List<Twist> twists) {
        for (int size : new int[] {Limits.MAX_BATCH_BYTES + 1, 3 * Limits.MAX_BATCH_BYTES}) {
            add(twists, "a body of " + size, Kind.LAST, request -> {
                if (request.contentLength != null) {
                    request.body(new byte[size]);
                }
            });
        }
        add(
                twists,
                "chunks of 2 MiB together",
                Kind.ANSWERED_OR_ENDED,
                request -> request.chunks(("10000\r\n" + " ".repeat(65_536) + "\r\n").repeat(32) + "0\r\n\r\n"));
        add(
                twists,
                "a Content-Length far over the body",
                Kind.ANSWERED_OR_ENDED,
                request -> request.contentLength = "2000000");
        add(
                twists,
                "a Content-Length just over the body",
                Kind.ANSWERED_OR_ENDED,
                request -> request.contentLength = Integer.toString(request.body.length + 1));
        add(
                twists,
                "a Content-Length under the body",
                Kind.LAST,
                request -> request.contentLength = Integer.toString(request.body.length / 2));
        add(twists, "no Content-Length", Kind.ANSWERED_OR_ENDED, request -> request.contentLength = null);
        add(
                twists,
                "a truncated body",
                Kind.ANSWERED_OR_ENDED,
                request -> request.body = java.util.Arrays.copyOf(request.body, request.body.length / 2));
        add(twists, "a body announced and never sent", Kind.ANSWERED_OR_ENDED, request -> {
            request.headers.add("Expect: 100-continue");
            request.body = new byte[0];
        });
        add(
                twists,
                "both Content-Length and chunks",
                Kind.ANSWERED_OR_ENDED,
                request -> request.headers.add("Transfer-Encoding: chunked"));
        add(twists, "the body in chunks of a byte", Kind.LAST, request -> {
            StringBuilder chunks = new StringBuilder();
            for (byte octet : request.body) {
                chunks.append("1\r\n").append((char) (octet & 0xff)).append("\r\n");
            }
            request.chunks(chunks.append("0\r\nX-Trailer: y\r\n\r\n").toString());
        });
        BROKEN_CHUNKS.forEach(chunks -> add(
                twists,
                "chunks " + chunks.substring(0, Math.min(20, chunks.length())),
                Kind.ANSWERED_OR_ENDED,
                request -> request.chunks(chunks)));
        for (String charset : List.of("UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "ISO-8859-1", "IBM037")) {
            add(
                    twists,
                    "the body in " + charset,
                    Kind.ANSWERED,
                    request -> request.body(new String(request.body, StandardCharsets.UTF_8)
                            .replace('a', '\u00e9')
                            .getBytes(Charset.forName(charset))));
        }
        add(
                twists,
                "a byte order mark",
                Kind.ANSWERED,
                request -> request.body(concat(new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf}, request.body)));
        add(twists, "gzip", Kind.ANSWERED, request -> {
            request.headers.add("Content-Encoding: gzip");
            request.body(gzip(request.body));
        });
        twists.add(new Twist("a byte of the body changed", Kind.ANSWERED, (request, random) -> {
            if (request.body.length > 0) {
                request.body[random.nextInt(request.body.length)] = (byte) random.nextInt(256);
            }
        }));
        twists.add(new Twist("a bit of the head changed", Kind.ANSWERED_OR_ENDED, (request, random) -> {
            int at = random.nextInt(request.target.length());
            char flipped = (char) (request.target.charAt(at) ^ (1 << random.nextInt(8)));
            request.target = request.target.substring(0, at) + flipped + request.target.substring(at + 1);
        }));
        twists.add(new Twist("random bytes for a body", Kind.ANSWERED, (request, random) -> {
            byte[] bytes = new byte[random.nextInt(2000)];
            random.nextBytes(bytes);
            request.body(bytes);
        }));
        twists.add(new Twist("random bytes for a header", Kind.ANSWERED_OR_ENDED, (request, random) -> {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            request.headers.add("X-Random: " + new String(bytes, StandardCharsets.ISO_8859_1));
        }));
        for (String overlong : List.of(
                "\u00c0\u0080", "\u00e0\u0080\u00af", "\u00f0\u0082\u0082\u00ac", "\u00ed\u00a0\u00bd", "\u00ff")) {
            add(
                    twists,
                    "malformed UTF-8",
                    Kind.ANSWERED,
                    request -> request.body(
                            concat(request.body, ("\"" + overlong + "\"").getBytes(StandardCharsets.ISO_8859_1))));
        }
    }

    private static void add(List<Twist> twists, String name, Kind kind, Consumer<WireRequest> apply) {
        String shown = name.length() > 60 ? name.substring(0, 60) : name;
        twists.add(new Twist(shown, kind, (request, random) -> apply.accept(request)));
    }

    private static byte[] concat(byte[] first, byte[] second) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(first);
        bytes.writeBytes(second);
        return bytes.toByteArray();
    }

    private static byte[] gzip(byte[] body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
