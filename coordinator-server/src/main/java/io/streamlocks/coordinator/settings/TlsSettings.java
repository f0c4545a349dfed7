package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import io.streamlocks.coordinator.tls.PemKeyStore;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;

/**
 * The files of the certificate.
 *
 * @param certificate the certificate with its chain, in PEM
 * @param key its private key, in PEM
 */
public record TlsSettings(Path certificate, Path key) {

    static Optional<TlsSettings> read(SettingsReader reader) {
        String certificateFile = reader.text("TLS_CERTIFICATE_FILE", "");
        String keyFile = reader.text("TLS_KEY_FILE", "");
        reader.needed("TLS_CERTIFICATE_FILE", certificateFile, "TLS_KEY_FILE", keyFile);
        reader.needed("TLS_KEY_FILE", keyFile, "TLS_CERTIFICATE_FILE", certificateFile);
        Optional<Path> certificate = reader.path("TLS_CERTIFICATE_FILE");
        Optional<Path> key = reader.path("TLS_KEY_FILE");
        if (certificate.isEmpty() || key.isEmpty()) {
            return Optional.empty();
        }
        TlsSettings tls = new TlsSettings(certificate.get(), key.get());
        reader.usable("TLS_CERTIFICATE_FILE with TLS_KEY_FILE:", tls::keyStore);
        return Optional.of(tls);
    }

    /**
     * Reads the files.
     *
     * @return a key store without a password, with the certificate and its key
     * @throws UnusableFileException if a file cannot be used
     */
    public Reloaded<KeyStore> keyStore() throws UnusableFileException {
        return new Reloaded<>("certificate", List.of(certificate, key), PemKeyStore::of);
    }
}
