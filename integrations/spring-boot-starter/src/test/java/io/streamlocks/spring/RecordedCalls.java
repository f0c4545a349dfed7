package io.streamlocks.spring;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A server that records the token of each call, and refuses the call. */
final class RecordedCalls implements AutoCloseable {

    private static final String REFUSED =
            "{\"type\":\"x\",\"title\":\"x\",\"status\":401,\"code\":\"unauthorized\",\"detail\":\"x\"}";

    private final HttpServer server;
    private final String scheme;
    private final Optional<TestCertificate> certificate;
    private final List<String> tokens = new CopyOnWriteArrayList<>();

    private RecordedCalls(HttpServer server, String scheme, Optional<TestCertificate> certificate) {
        this.server = server;
        this.scheme = scheme;
        this.certificate = certificate;
        server.createContext("/", exchange -> {
            try (exchange) {
                tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
                exchange.getRequestBody().readAllBytes();
                byte[] body = REFUSED.getBytes(StandardCharsets.US_ASCII);
                exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
                exchange.sendResponseHeaders(401, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    static RecordedCalls refusing() throws IOException {
        return new RecordedCalls(HttpServer.create(anyPort(), 0), "http", Optional.empty());
    }

    static RecordedCalls refusingWithTls() throws IOException, GeneralSecurityException {
        Path directory = Files.createTempDirectory("certificate");
        TestCertificate made = TestCertificate.make(directory);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", made.key(), new char[0], new Certificate[] {made.certificate()});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        HttpsServer https = HttpsServer.create(anyPort(), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(context));
        return new RecordedCalls(https, "https", Optional.of(made));
    }

    URI uri() {
        return URI.create(scheme + "://localhost:" + server.getAddress().getPort());
    }

    String certificatePem() {
        return certificate.orElseThrow().certificatePem();
    }

    /** Returns the Authorization header of each call so far. */
    List<String> tokens() {
        return tokens;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
