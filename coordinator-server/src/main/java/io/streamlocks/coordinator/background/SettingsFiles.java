package io.streamlocks.coordinator.background;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.tls.CertificateCheck;
import java.security.KeyStore;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reloads the files that settings name, and shows their problems as metrics. This class is for one thread at a time.
 */
public final class SettingsFiles {

    private static final Logger LOG = LoggerFactory.getLogger(SettingsFiles.class);

    private final Optional<Authenticator> authenticator;
    private final Optional<Reloaded<KeyStore>> certificate;
    private final Optional<Reloaded<String>> databasePassword;
    private final InstantSource wallClock;

    /**
     * Logs the problems of the certificate now, and again when another certificate replaces it.
     *
     * @param authenticator the tokens and keys, if there are any
     * @param certificate the certificate, if there is one
     * @param databasePassword the password of the database, if a file contains it
     * @param telemetry shows the metrics, including those of files that are not set
     * @param wallClock decides whether a certificate has expired
     */
    public SettingsFiles(
            Optional<Authenticator> authenticator,
            Optional<Reloaded<KeyStore>> certificate,
            Optional<Reloaded<String>> databasePassword,
            Telemetry telemetry,
            InstantSource wallClock) {
        this.authenticator = authenticator;
        this.certificate = certificate;
        this.databasePassword = databasePassword;
        this.wallClock = wallClock;
        telemetry.showReload(
                "tokens",
                () -> authenticator.map(Authenticator::isTokensFileFailing).orElse(false));
        telemetry.showReload(
                "keys", () -> authenticator.map(Authenticator::isKeySetFailing).orElse(false));
        telemetry.showReload(
                "certificate", () -> certificate.map(Reloaded::isFailing).orElse(false));
        telemetry.showReload(
                "password", () -> databasePassword.map(Reloaded::isFailing).orElse(false));
        telemetry.showCertificateEnd(() -> certificate.map(reloaded -> CertificateCheck.end(reloaded.get())));
        certificate.ifPresent(reloaded -> {
            warn(reloaded.get());
            reloaded.onChange(this::warn);
        });
    }

    private void warn(KeyStore store) {
        CertificateCheck.problems(store, wallClock.instant()).forEach(LOG::warn);
    }

    /** Reads the files that have changed. Waits for no network. The caller calls this every second. */
    public void reload() {
        authenticator.ifPresent(Authenticator::reload);
        certificate.ifPresent(Reloaded::reload);
        databasePassword.ifPresent(Reloaded::reload);
    }
}
