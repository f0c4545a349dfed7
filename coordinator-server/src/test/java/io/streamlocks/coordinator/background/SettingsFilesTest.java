package io.streamlocks.coordinator.background;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.coordinator.settings.TlsSettings;
import io.streamlocks.coordinator.telemetry.Scrape;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class SettingsFilesTest {

    @TempDir
    private Path directory;

    private final Telemetry telemetry = Telemetry.untraced();

    @RegisterExtension
    private final CapturedLog log = new CapturedLog(SettingsFiles.class);

    @AfterEach
    void stop() {
        telemetry.close();
    }

    private SettingsFiles files(Optional<Authenticator> authenticator, Optional<TlsSettings> tls) throws Exception {
        return new SettingsFiles(
                authenticator,
                tls.isPresent() ? Optional.of(tls.get().keyStore()) : Optional.empty(),
                Optional.empty(),
                telemetry,
                InstantSource.system());
    }

    private double failing(String file) {
        return scrape().value("streamlocks_reload_failing", Map.of("file", file));
    }

    private Scrape scrape() {
        return Scrape.of(new String(telemetry.scrape(), StandardCharsets.UTF_8));
    }

    private TlsSettings write(TestCertificate made) throws IOException {
        return new TlsSettings(
                Files.writeString(directory.resolve("tls.crt"), made.certificatePem()),
                Files.writeString(directory.resolve("tls.key"), made.keyPem()));
    }

    private static NewToken token(Role role) {
        return NewToken.of(new Principal("t", role, List.of(), ""), Optional.empty());
    }

    @Test
    void filesThatAreNotSetDoNotFail() throws Exception {
        files(Optional.empty(), Optional.empty()).reload();
        for (String file : List.of("tokens", "keys", "certificate", "password")) {
            assertThat(failing(file)).isZero();
        }
        assertThat(scrape().value("streamlocks_certificate_expiry_timestamp_seconds", Map.of()))
                .isNaN();
    }

    @Test
    void aBrokenTokensFileIsShownUntilItIsRepaired() throws Exception {
        Path file = Files.writeString(
                directory.resolve("tokens"), token(Role.WORKER).line());
        SettingsFiles files =
                files(Optional.of(Authenticator.of(Optional.of(file), Optional.empty())), Optional.empty());
        String good = Files.readString(file);
        for (String broken : List.of("{", "", good + "\n{\"id\":\"x\"}")) {
            Files.writeString(file, broken);
            files.reload();
            files.reload();
            assertThat(failing("tokens")).isEqualTo(1);
            // The repaired file is the old one or a new one.
            Files.writeString(file, broken.isEmpty() ? good : token(Role.READER).line());
            files.reload();
            assertThat(failing("tokens")).isZero();
        }
        Files.delete(file);
        files.reload();
        assertThat(failing("tokens")).isEqualTo(1);
        assertThat(failing("certificate")).isZero();
        assertThat(failing("keys")).isZero();
    }

    @Test
    void aBrokenKeySetIsShown() throws Exception {
        Path file = Files.writeString(directory.resolve("jwks"), """
                {"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
                "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}""");
        SettingsFiles files = files(
                Optional.of(Authenticator.of(
                        Optional.empty(), Optional.of(new Authenticator.Jwt(file.toString(), "i", "a")))),
                Optional.empty());
        assertThat(failing("keys")).isZero();
        Files.writeString(file, "{");
        files.reload();
        assertThat(failing("keys")).isEqualTo(1);
    }

    @Test
    void aCertificateIsCheckedAtTheStartAndWhenItIsReplacedAndItsEndIsShown() throws Exception {
        TestCertificate weak = TestCertificate.make(directory, "-keyalg", "RSA", "-keysize", "1024");
        TestCertificate good = TestCertificate.make(directory);
        TestCertificate over =
                TestCertificate.make(directory, "-keyalg", "EC", "-groupname", "secp256r1", "-startdate", "-31d");
        SettingsFiles files = files(Optional.empty(), Optional.of(write(weak)));
        assertThat(log.messages())
                .containsExactly("The certificate of CN=localhost has an RSA key of 1024 bits. Fewer than 2048 bits can"
                        + " be broken");
        write(good);
        files.reload();
        assertThat(log.messages()).hasSize(1);
        write(over);
        files.reload();
        files.reload();
        assertThat(log.messages()).hasSize(2).last().asString().contains("expired at");
        assertThat(scrape().value("streamlocks_certificate_expiry_timestamp_seconds", Map.of()))
                .isEqualTo(over.certificate().getNotAfter().toInstant().getEpochSecond());

        Files.writeString(directory.resolve("tls.key"), good.keyPem());
        files.reload();
        assertThat(failing("certificate")).isEqualTo(1);
    }
}
