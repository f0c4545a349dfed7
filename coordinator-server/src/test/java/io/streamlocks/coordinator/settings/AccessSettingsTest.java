package io.streamlocks.coordinator.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the settings of access control and TLS, and which of them exclude each other. */
class AccessSettingsTest {

    private static final String LETS_OTHERS_IN =
            "HTTP_HOST accepts connections from other machines: set COORDINATOR_TOKENS_FILE or JWT_JWKS, or set AUTH=none"
                    + " to let every caller do everything";

    @TempDir
    private Path directory;

    private final Map<String, String> environment = new HashMap<>();

    private Settings config() throws InvalidSettingsException {
        return Settings.from(environment);
    }

    private List<String> problems() {
        return catchThrowableOfType(InvalidSettingsException.class, this::config)
                .getMessage()
                .lines()
                .toList();
    }

    private Path tokens() throws IOException {
        NewToken made = NewToken.of(new Principal("w", Role.WORKER, List.of(), ""), Optional.empty());
        return Files.writeString(directory.resolve("tokens.jsonl"), made.line());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1", "no-such-host.invalid"})
    void aServerForOtherMachinesNeedsAccessControlOrAnExplicitNone(String host) throws Exception {
        environment.put("HTTP_HOST", host);
        assertThat(problems()).containsExactly(LETS_OTHERS_IN);

        environment.put("AUTH", "none");
        assertThat(config().access().isControlled()).isFalse();

        environment.remove("AUTH");
        environment.put("COORDINATOR_TOKENS_FILE", tokens().toString());
        assertThat(config().access().isControlled()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.8.8.8", "::1", "localhost", ""})
    void thisMachineAloneNeedsNoTokens(String host) throws Exception {
        environment.put("HTTP_HOST", host);
        assertThat(config().access().isControlled()).isFalse();
        environment.put("AUTH", "none");
        assertThat(config().access().isControlled()).isFalse();
    }

    @Test
    void authNoneCannotBeCombinedWithTokens() throws Exception {
        environment.put("AUTH", "none");
        environment.put("COORDINATOR_TOKENS_FILE", tokens().toString());
        assertThat(problems()).containsExactly("AUTH must not be none with COORDINATOR_TOKENS_FILE or JWT_JWKS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "None", "true"})
    void authIsNoneOrNotSet(String value) {
        environment.put("AUTH", value);
        environment.put("HTTP_HOST", "0.0.0.0");
        assertThat(problems()).containsExactly("AUTH must be none or not set", LETS_OTHERS_IN);
    }

    @Test
    void aTokensFileIsReadAndItsProblemsAreReported() throws Exception {
        Path file = tokens();
        environment.put("COORDINATOR_TOKENS_FILE", file.toString());
        assertThat(config().access().tokensFile()).contains(file);

        Files.writeString(file, "\n{\"id\":\"w\",\"sha256\":\"x\",\"role\":\"worker\"}\n{}");
        assertThat(problems())
                .containsExactly(
                        "COORDINATOR_TOKENS_FILE line 2: sha256 must be 64 hex digits",
                        "COORDINATOR_TOKENS_FILE line 3: id is missing",
                        "COORDINATOR_TOKENS_FILE line 3: sha256 is missing",
                        "COORDINATOR_TOKENS_FILE line 3: role is missing");
        Files.delete(file);
        assertThat(problems()).containsExactly("COORDINATOR_TOKENS_FILE " + file + " does not exist");
    }

    @Test
    void jwtsNeedAnIssuerAndAnAudience() throws Exception {
        environment.put("JWT_JWKS", "https://issuer.example/keys");
        assertThat(problems())
                .containsExactly(
                        "JWT_ISSUER must be set together with JWT_JWKS",
                        "JWT_AUDIENCE must be set together with JWT_JWKS");

        environment.put("JWT_ISSUER", "https://issuer.example");
        environment.put("JWT_AUDIENCE", "stream-locks");
        environment.put("HTTP_HOST", "0.0.0.0");
        // The issuer may be away, so nothing is fetched.
        assertThat(config().access().jwt())
                .contains(
                        new Authenticator.Jwt("https://issuer.example/keys", "https://issuer.example", "stream-locks"));

        environment.remove("JWT_JWKS");
        environment.put("AUTH", "none");
        assertThat(problems())
                .containsExactly(
                        "JWT_ISSUER has no effect without JWT_JWKS", "JWT_AUDIENCE has no effect without JWT_JWKS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ldap://host/", "https://", "https://a b/"})
    void thePlaceOfTheKeysIsAUrlOrAFile(String keys) {
        environment.putAll(Map.of("JWT_JWKS", keys, "JWT_ISSUER", "i", "JWT_AUDIENCE", "a"));
        assertThat(problems()).containsExactly("JWT_JWKS must be an https URL or a file");
    }

    @Test
    void anUnderscoreInTheNameOfTheIssuerIsNamed() {
        environment.putAll(Map.of("JWT_JWKS", "https://my_issuer/keys", "JWT_ISSUER", "i", "JWT_AUDIENCE", "a"));
        assertThat(problems())
                .containsExactly("JWT_JWKS has a host name with an underscore, which is not allowed in a URL:"
                        + " give that host another name, or use its address");
    }

    @Test
    void aTokensFileMayBeginWithAByteOrderMark() throws Exception {
        Path file = tokens();
        Files.writeString(file, "\uFEFF" + Files.readString(file));
        environment.put("COORDINATOR_TOKENS_FILE", file.toString());
        assertThat(config().access().isControlled()).isTrue();
    }

    @Test
    void keysOfAnotherMachineMustComeOverHttps() throws Exception {
        environment.putAll(Map.of("JWT_JWKS", "http://issuer.example/keys", "JWT_ISSUER", "i", "JWT_AUDIENCE", "a"));
        assertThat(problems())
                .containsExactly("JWT_JWKS must be an https URL or a file. Plain http is for this machine only,"
                        + " because an attacker on the network could replace the keys");
        environment.put("JWT_JWKS", "http://127.0.0.1:9/keys");
        assertThat(config().access().isControlled()).isTrue();
    }

    @Test
    void aKeySetThatCannotBeUsedIsReported() throws Exception {
        Path file = Files.writeString(directory.resolve("jwks.json"), "{}");
        environment.putAll(Map.of("JWT_JWKS", file.toString(), "JWT_ISSUER", "i", "JWT_AUDIENCE", "a"));
        assertThat(problems()).containsExactly("JWT_JWKS is not a JWK set: a JSON object with an array \"keys\"");
    }

    @Test
    void tlsNeedsACertificateAndItsKey() throws Exception {
        TestCertificate made = TestCertificate.make(directory);
        Path certificate = Files.writeString(directory.resolve("tls.crt"), made.certificatePem());
        Path key = Files.writeString(directory.resolve("tls.key"), made.keyPem());
        environment.put("TLS_CERTIFICATE_FILE", certificate.toString());
        assertThat(problems()).containsExactly("TLS_KEY_FILE must be set together with TLS_CERTIFICATE_FILE");
        environment.put("TLS_KEY_FILE", key.toString());
        assertThat(config().tls()).contains(new TlsSettings(certificate, key));

        Files.writeString(key, TestCertificate.make(directory).keyPem());
        assertThat(problems())
                .containsExactly(
                        "TLS_CERTIFICATE_FILE with TLS_KEY_FILE: the key does not belong to the first certificate");
        environment.remove("TLS_CERTIFICATE_FILE");
        assertThat(problems()).containsExactly("TLS_CERTIFICATE_FILE must be set together with TLS_KEY_FILE");
    }

    @Test
    void aNameThatNoFileCanHaveIsReported() {
        environment.put("COORDINATOR_TOKENS_FILE", "a\0b");
        assertThatThrownBy(this::config).hasMessage("COORDINATOR_TOKENS_FILE must be the name of a file");
    }
}
