package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.reload.Reloaded;
import java.security.KeyStore;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** Listens for HTTP over TLS. */
final class TlsConnector {

    /** Those with a key of each connection's own and with authenticated encryption, of TLS 1.3 and of 1.2. */
    private static final String[] CIPHER_SUITES = {
        "TLS_(AES|CHACHA20)_.*", "TLS_ECDHE_(ECDSA|RSA)_WITH_.*_(GCM|POLY1305)_SHA(256|384)"
    };

    private TlsConnector() {}

    /**
     * Makes the connector.
     *
     * @param http how HTTP is spoken within
     * @param certificate what is shown; when it changes, new connections see the new one, and those there are stay
     */
    static ServerConnector of(Server server, HttpConnectionFactory http, Reloaded<KeyStore> certificate) {
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        tls.setIncludeCipherSuites(CIPHER_SUITES);
        certificate.onChange(changed -> reload(tls, changed));
        tls.setKeyStore(certificate.get());
        tls.setKeyStorePassword("");
        // Jetty would refuse a host that is not the certificate's, as that of a proxy; it is the client who must look.
        http.getHttpConfiguration().addCustomizer(new SecureRequestCustomizer(false));
        ServerConnector connector = new ServerConnector(server, tls, http);
        SslConnectionFactory records = connector.getConnectionFactory(SslConnectionFactory.class);
        records.setDirectBuffersForEncryption(false);
        records.setDirectBuffersForDecryption(false);
        return connector;
    }

    private static void reload(SslContextFactory.Server tls, KeyStore changed) {
        try {
            tls.reload(same -> tls.setKeyStore(changed));
        } catch (Exception e) {
            throw new IllegalStateException("TLS cannot use the certificate", e);
        }
    }
}
