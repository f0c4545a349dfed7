package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.reload.Reloaded;
import java.security.KeyStore;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** Makes connectors that listen for HTTP over TLS. */
final class TlsConnector {

    /** The suites of TLS 1.3 and 1.2 with forward secrecy and authenticated encryption. */
    private static final String[] CIPHER_SUITES = {
        "TLS_(AES|CHACHA20)_.*", "TLS_ECDHE_(ECDSA|RSA)_WITH_.*_(GCM|POLY1305)_SHA(256|384)"
    };

    private TlsConnector() {}

    /**
     * Makes a connector.
     *
     * @param http makes the HTTP connections inside
     * @param certificate is shown to clients; when it changes, new connections see the new one and existing ones stay
     */
    static ServerConnector of(Server server, HttpConnectionFactory http, Reloaded<KeyStore> certificate) {
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        tls.setIncludeCipherSuites(CIPHER_SUITES);
        certificate.onChange(changed -> reload(tls, changed));
        tls.setKeyStore(certificate.get());
        tls.setKeyStorePassword("");
        // Jetty would refuse a host that the certificate does not name, such as that of a proxy. The client checks it.
        http.getHttpConfiguration().addCustomizer(new SecureRequestCustomizer(false));
        ServerConnector connector = new QuietConnector(server, AbstractConnectionFactory.getFactories(tls, http));
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
