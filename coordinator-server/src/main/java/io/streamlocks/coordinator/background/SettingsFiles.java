package io.streamlocks.coordinator.background;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.http.Guards;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.tls.CertificateCheck;
import java.security.KeyStore;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what is read from the settings' files up to date, and shows what is wrong with it. */
final class SettingsFiles {

    private static final Logger LOG = LoggerFactory.getLogger(SettingsFiles.class);

    private final Optional<Authenticator> authenticator;
    private final Optional<Reloaded<KeyStore>> certificate;
    private final Optional<Reloaded<String>> databasePassword;
    private final InstantSource wallClock;

    /**
     * Logs what is wrong with the certificate, and does so again when there is another.
     *
     * @param guards what was read
     * @param databasePassword the database's password, if it is in a file
     * @param telemetry takes the metrics, also of what there is no file of
     * @param wallClock tells when a certificate has expired
     */
    SettingsFiles(
            Guards guards, Optional<Reloaded<String>> databasePassword, Telemetry telemetry, InstantSource wallClock) {
        this.authenticator = guards.authenticator();
        this.certificate = guards.certificate();
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

    /** Reads what has changed. Waits for no network. To be called each second. */
    void reload() {
        authenticator.ifPresent(Authenticator::reload);
        certificate.ifPresent(Reloaded::reload);
        databasePassword.ifPresent(Reloaded::reload);
    }
}
