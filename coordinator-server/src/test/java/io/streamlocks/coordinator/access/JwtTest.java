package io.streamlocks.coordinator.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetSequenceKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests JWTs, the second kind of bearer token. */
class JwtTest {

    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
    private static final String ISSUER = "https://issuer.example";

    private static RSAKey rsa;
    private static RSAKey otherRsa;
    private static ECKey ec;

    @TempDir
    private Path directory;

    private Path keysFile;
    private Authenticator authenticator;

    @BeforeAll
    static void makeKeys() throws JOSEException {
        rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
        otherRsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
        ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
    }

    @BeforeEach
    void start() throws Exception {
        keysFile = directory.resolve("jwks.json");
        write(rsa, ec);
        authenticator = authenticator(keysFile.toString());
    }

    private void write(JWK... keys) throws Exception {
        Files.writeString(keysFile, new JWKSet(List.of(keys)).toString(true));
    }

    private static Authenticator authenticator(String keys) throws UnusableFileException {
        return Authenticator.of(
                Optional.empty(), Optional.of(new Authenticator.Jwt(keys, ISSUER, "stream-locks")), () -> NOW);
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience("stream-locks")
                .subject("worker-7")
                .expirationTime(Date.from(NOW.plusSeconds(60)))
                .claim("role", "worker");
    }

    private static String signed(JWTClaimsSet.Builder claims) throws JOSEException {
        return signed(header(JWSAlgorithm.RS256, "rsa"), new RSASSASigner(rsa), claims);
    }

    private static JWSHeader header(JWSAlgorithm algorithm, String keyId) {
        return new JWSHeader.Builder(algorithm).keyID(keyId).build();
    }

    private static String signed(JWSHeader header, JWSSigner signer, JWTClaimsSet.Builder claims) throws JOSEException {
        SignedJWT jwt = new SignedJWT(header, claims.build());
        jwt.sign(signer);
        return jwt.serialize();
    }

    private Optional<Principal> principal(String token) {
        return authenticator.authenticate(List.of("Bearer " + token), "192.0.2.1");
    }

    @Test
    void aValidJwtIdentifiesTheCallerAndItsPermissions() throws Exception {
        assertThat(principal(signed(claims()))).contains(new Principal("worker-7", Role.WORKER, List.of(), ""));
        assertThat(principal(signed(claims().claim("role", "reader")
                        .claim("stream_prefixes", List.of("orders/", "bills/"))
                        .claim("owner_prefix", "pod-"))))
                .contains(new Principal("worker-7", Role.READER, List.of("orders/", "bills/"), "pod-"));
        assertThat(principal(signed(claims().audience(List.of("other", "stream-locks")))))
                .isPresent();
    }

    @Test
    void anyKeyOfTheSetAndAnyTypeOfAnAccessTokenIsAccepted() throws Exception {
        assertThat(principal(signed(header(JWSAlgorithm.ES256, "ec"), new ECDSASigner(ec), claims())))
                .isPresent();
        assertThat(principal(signed(header(JWSAlgorithm.PS256, "rsa"), new RSASSASigner(rsa), claims())))
                .isPresent();
        assertThat(principal(signed(header(JWSAlgorithm.RS256, null), new RSASSASigner(rsa), claims())))
                .isPresent();
        for (String type : List.of("JWT", "at+jwt", "AT+JWT")) {
            JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256)
                    .keyID("rsa")
                    .type(new JOSEObjectType(type))
                    .build();
            assertThat(principal(signed(header, new RSASSASigner(rsa), claims())))
                    .isPresent();
        }
    }

    @Test
    void aJwtThatHasExpiredOrIsNotValidYetIsRejected() throws Exception {
        assertThat(principal(signed(claims().expirationTime(Date.from(NOW.minusSeconds(31))))))
                .isEmpty();
        assertThat(principal(signed(claims().notBeforeTime(Date.from(NOW.plusSeconds(31))))))
                .isEmpty();
        assertThat(principal(signed(claims().expirationTime(null)))).isEmpty();
        // The clocks may differ a little.
        assertThat(principal(signed(claims().expirationTime(Date.from(NOW.minusSeconds(29))))))
                .isPresent();
    }

    @Test
    void aJwtOfAnotherIssuerOrForAnotherAudienceIsRejected() throws Exception {
        assertThat(principal(signed(claims().issuer("https://other.example")))).isEmpty();
        assertThat(principal(signed(claims().issuer(null)))).isEmpty();
        assertThat(principal(signed(claims().audience("other")))).isEmpty();
        assertThat(principal(signed(claims().audience((String) null)))).isEmpty();
    }

    @Test
    void aJwtWithAnotherKeyOrChangedContentIsRejected() throws Exception {
        assertThat(principal(signed(header(JWSAlgorithm.RS256, "rsa"), new RSASSASigner(otherRsa), claims())))
                .isEmpty();
        assertThat(principal(signed(header(JWSAlgorithm.RS256, "none of ours"), new RSASSASigner(rsa), claims())))
                .isEmpty();
        String[] parts = signed(claims()).split("\\.");
        String forged = Base64URL.encode(
                        claims().claim("role", "operator").build().toString())
                .toString();
        assertThat(principal(parts[0] + "." + forged + "." + parts[2])).isEmpty();
        assertThat(principal(parts[0] + "." + parts[1] + ".")).isEmpty();
        assertThat(principal(parts[0] + "." + parts[1])).isEmpty();
        assertThat(principal(parts[0] + "." + parts[1] + "." + parts[2] + ".x.y"))
                .isEmpty();
    }

    @Test
    void aKeyWithinTheJwtIsNotTrusted() throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID("rsa")
                .jwk(otherRsa.toPublicJWK())
                .build();
        assertThat(principal(signed(header, new RSASSASigner(otherRsa), claims())))
                .isEmpty();
    }

    @Test
    void aJwtWithoutASignatureIsRejected() throws Exception {
        assertThat(principal(new PlainJWT(claims().build()).serialize())).isEmpty();
        String none = Base64URL.encode("{\"alg\":\"none\",\"kid\":\"rsa\"}") + "."
                + Base64URL.encode(claims().build().toString()) + ".";
        assertThat(principal(none)).isEmpty();
        assertThat(principal(none + "AAAA")).isEmpty();
    }

    @Test
    void thePublicKeyIsNotUsedAsASharedSecret() throws Exception {
        for (byte[] secret : List.of(
                rsa.toRSAPublicKey().getEncoded(),
                rsa.toPublicJWK().toString().getBytes(StandardCharsets.UTF_8),
                rsa.getModulus().decode())) {
            String forged = signed(header(JWSAlgorithm.HS256, "rsa"), new MACSigner(secret), claims());
            assertThat(principal(forged)).isEmpty();
        }
    }

    @Test
    void aSecretInTheKeySetIsNotUsed() throws Exception {
        var secret = new OctetSequenceKeyGenerator(256).keyID("secret").generate();
        write(rsa, secret);
        authenticator.reload();
        assertThat(principal(signed(header(JWSAlgorithm.HS256, "secret"), new MACSigner(secret), claims())))
                .isEmpty();
        assertThat(principal(signed(claims()))).isPresent();
    }

    @Test
    void invalidClaimsAreRejected() throws Exception {
        for (JWTClaimsSet.Builder wrong : List.of(
                claims().subject(null),
                claims().subject(""),
                claims().subject("a\nb"),
                claims().claim("role", null),
                claims().claim("role", "admin"),
                claims().claim("role", List.of("worker")),
                claims().claim("role", 1),
                claims().claim("stream_prefixes", List.of()),
                claims().claim("stream_prefixes", "orders/"),
                claims().claim("stream_prefixes", List.of("orders/", "")),
                claims().claim("stream_prefixes", List.of(1)),
                claims().claim("stream_prefixes", Map.of("a", "b")),
                claims().claim("owner_prefix", ""),
                claims().claim("owner_prefix", List.of("pod-")))) {
            assertThat(principal(signed(wrong))).as(wrong.build().toString()).isEmpty();
        }
    }

    @Test
    void theKeysOfAFileAreReadAgainWhenItChanges() throws Exception {
        String token = signed(header(JWSAlgorithm.RS256, "rsa"), new RSASSASigner(otherRsa), claims());
        assertThat(principal(token)).isEmpty();
        write(otherRsa);
        authenticator.reload();
        assertThat(principal(token)).isPresent();
        assertThat(principal(signed(claims()))).isEmpty();
        Files.writeString(keysFile, "{\"keys\":[");
        authenticator.reload();
        assertThat(principal(token)).isPresent();
    }

    @Test
    void aFileWithoutAUsableKeyIsRejected() throws Exception {
        for (String content : List.of("", "null", "[]", "{}", "{\"keys\":1}", "{\"keys\":[{\"kty\":\"RSA\"}]}")) {
            Files.writeString(keysFile, content);
            assertThatThrownBy(() -> authenticator(keysFile.toString()))
                    .as(content)
                    .isInstanceOf(UnusableFileException.class)
                    .hasMessage("is not a JWK set: a JSON object with an array \"keys\"");
        }
        write(new OctetSequenceKeyGenerator(256)
                .keyID("secret")
                .algorithm(new Algorithm("HS256"))
                .generate());
        assertThatThrownBy(() -> authenticator(keysFile.toString())).hasMessage("has no RSA or EC key");
    }

    @Test
    void aPlaceThatIsNeitherAUrlNorAFileIsRejected() {
        for (String keys : List.of("ftp://host/keys", "http://", "https:///keys", "http://a b/", "file:///etc/keys")) {
            assertThatThrownBy(() -> authenticator(keys))
                    .as(keys)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("must be an https URL or a file");
        }
        assertThatThrownBy(() -> authenticator("/no/such/file"))
                .isInstanceOf(UnusableFileException.class)
                .hasMessage("/no/such/file does not exist");
    }

    @Test
    void keysOverHttpAreRejectedUnlessTheyAreOnThisMachine() throws Exception {
        for (String keys : List.of(
                "http://issuer.example/keys",
                "HTTP://issuer.example/keys",
                "http://192.0.2.1/keys",
                "http://0.0.0.0/keys",
                "http://127.0.0.1.issuer.example/keys",
                "http://localhost.issuer.example/keys",
                "http://127.0.0.1@issuer.example/keys",
                "http://[2001:db8::1]/keys")) {
            assertThatThrownBy(() -> authenticator(keys))
                    .as(keys)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("must be an https URL or a file. Plain http");
        }
        for (String keys : List.of(
                "http://127.0.0.1/keys",
                "http://127.8.8.8:1/keys",
                "http://[::1]:8080/keys",
                "http://localhost/keys",
                "https://issuer.example/keys")) {
            assertThat(authenticator(keys)).as(keys).isNotNull();
        }
    }
}
