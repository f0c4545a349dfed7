package io.streamlocks.coordinator.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Signature;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests JWTs with a valid signature over invalid claims. They are written by hand, because a library would correct
 * them. Other servers or libraries have accepted many of them, or failed.
 */
class JwtClaimsTest {

    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
    private static final long IN_A_MINUTE = NOW.getEpochSecond() + 60;

    private static ECKey ec;
    private static Authenticator authenticator;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
        Path keys = Files.writeString(directory.resolve("jwks.json"), new JWKSet(ec).toString(true));
        authenticator = Authenticator.of(
                Optional.empty(), Optional.of(new Authenticator.Jwt(keys.toString(), "issuer", "locks")), () -> NOW);
    }

    /** The claims of a valid JWT, as JSON. */
    private static Map<String, String> good() {
        Map<String, String> claims = new LinkedHashMap<>();
        claims.put("iss", "\"issuer\"");
        claims.put("aud", "\"locks\"");
        claims.put("sub", "\"worker-7\"");
        claims.put("role", "\"worker\"");
        claims.put("exp", Long.toString(IN_A_MINUTE));
        return claims;
    }

    private static String json(Map<String, String> claims) {
        return claims.entrySet().stream()
                .map(claim -> "\"" + claim.getKey() + "\":" + claim.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static Optional<Principal> principal(String claims) throws JOSEException {
        JWSObject jwt = new JWSObject(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("ec").build(), new Payload(claims));
        jwt.sign(new ECDSASigner(ec));
        return authenticator.authenticate(List.of("Bearer " + jwt.serialize()), "192.0.2.1");
    }

    private static Optional<Principal> with(String claim, String value) throws JOSEException {
        Map<String, String> claims = good();
        claims.put(claim, value);
        return principal(json(claims));
    }

    /** Signs by hand, so that the header can contain anything. */
    private static Optional<Principal> withHeader(String header) throws Exception {
        String signed = Base64URL.encode(header) + "." + Base64URL.encode(json(good()));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(ec.toPrivateKey());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return authenticator.authenticate(
                List.of("Bearer " + signed + "." + Base64URL.encode(signature.sign())), "192.0.2.1");
    }

    @Test
    void theUnchangedJwtIsValid() throws Exception {
        assertThat(principal(json(good()))).contains(new Principal("worker-7", Role.WORKER, List.of(), ""));
        assertThat(withHeader("{\"alg\":\"ES256\",\"kid\":\"ec\"}")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exp", "nbf", "iat"})
    void aTimeIsANumberOfSecondsWithinTheCalendar(String claim) throws Exception {
        for (String value : List.of(
                "null",
                "true",
                "{}",
                "[]",
                "[" + IN_A_MINUTE + "]",
                "{\"value\":" + IN_A_MINUTE + "}",
                "\"" + IN_A_MINUTE + "\"",
                "\"2027-01-01T00:00:00Z\"",
                "\"never\"",
                "\"\"",
                "-1",
                "-1e300",
                "1e300",
                "1e309",
                "253402300800",
                // Milliseconds are a common mistake.
                IN_A_MINUTE + "000",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551616",
                // Multiplied by a thousand, these overflow to a time in the future.
                "18446744075480000",
                "-18446744071939551",
                "1" + "0".repeat(50),
                "NaN",
                "Infinity",
                "0x7fffffff",
                "01")) {
            assertThat(with(claim, value)).as(value).isEmpty();
        }
    }

    @Test
    void aTimeMayHaveAFraction() throws Exception {
        assertThat(with("exp", IN_A_MINUTE + ".5")).isPresent();
        assertThat(with("exp", "1.8e9")).isPresent();
        assertThat(with("nbf", "0")).isPresent();
        assertThat(with("iat", (IN_A_MINUTE - 60) + ".25")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"iss", "sub", "role", "jti", "owner_prefix"})
    void textIsAString(String claim) throws Exception {
        for (String value :
                List.of("null", "7", "0", "1.5", "true", "{}", "[]", "[\"worker\"]", "{\"$ne\":\"\"}", "[null]")) {
            assertThat(with(claim, value)).as(value).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "7",
                "true",
                "{}",
                "[]",
                "[null]",
                "[\"locks\",null]",
                "[\"locks\",7]",
                "[[\"locks\"]]",
                "{\"locks\":true}",
                "\"Locks\"",
                "\"locks \"",
                "\"other,locks\"",
                "[\"lock\"]",
                "\"\""
            })
    void theAudienceIsAStringOrAnArrayOfStrings(String value) throws Exception {
        assertThat(with("aud", value)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "\"orders/\"",
                "7",
                "{}",
                "[]",
                "[null]",
                "[\"orders/\",null]",
                "[7]",
                "[[\"orders/\"]]",
                "[\"\"]",
                "{\"0\":\"orders/\"}"
            })
    void prefixesAreAnArrayOfStrings(String value) throws Exception {
        assertThat(with("stream_prefixes", value)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exp", "iss", "aud", "sub", "role"})
    void noRequiredClaimMayBeMissing(String claim) throws Exception {
        Map<String, String> claims = good();
        claims.remove(claim);
        assertThat(principal(json(claims))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "role|\"operator\"",
                "exp|1769860740",
                "sub|\"somebody\"",
                "aud|\"locks\"",
                "r\\u006fle|\"operator\"",
                "stream_prefixes|[\"a\"]",
                "x|{\"y\":1,\"y\":2}"
            })
    void aClaimThatOccursTwiceIsRejected(String claim, String value) throws Exception {
        String claims = json(good());
        String more = "\"" + claim + "\":" + value;
        String twice = claim.equals("stream_prefixes") ? more + "," + more : more;
        assertThat(principal("{" + twice + "," + claims.substring(1))).isEmpty();
        assertThat(principal(claims.substring(0, claims.length() - 1) + "," + twice + "}"))
                .isEmpty();
    }

    @Test
    void theClaimsAreOneObjectAndNothingElse() throws Exception {
        String claims = json(good());
        for (String payload : List.of(
                "",
                " ",
                "null",
                "true",
                "7",
                "[]",
                "[" + claims + "]",
                "\"" + claims.replace("\"", "\\\"") + "\"",
                claims + claims,
                claims + "x",
                claims.replace('"', '\''),
                claims.substring(0, claims.length() - 1),
                claims.replace("}", ",}"),
                "{\"claims\":" + claims + "}",
                "{\"a\":".repeat(3000),
                "[".repeat(3000),
                claims.replace("}", ",\"x\":" + "[".repeat(2000) + "]".repeat(2000) + "}"))) {
            assertThat(principal(payload)).as(payload).isEmpty();
        }
        // Claims that this server does not read are permitted.
        assertThat(with("realm_access", "{\"roles\":[\"a\",null,{\"b\":1}]}")).isPresent();
    }

    @Test
    void anInvalidHeaderIsRejected() throws Exception {
        for (String header : List.of(
                "null",
                "7",
                "[]",
                "\"\"",
                "{}",
                "{\"alg\":null}",
                "{\"alg\":7}",
                "{\"alg\":\"\"}",
                "{\"alg\":[\"ES256\"]}",
                "{\"alg\":\"ES256\",\"kid\":7}",
                "{\"alg\":\"ES256\",\"kid\":[\"ec\"]}",
                "{\"alg\":\"ES256\",\"kid\":\"../../ec\"}",
                "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":7}",
                "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"\"}",
                "{\"alg\":\"ES256\",\"kid\":\"ec\",\"alg\":\"ES256\"}",
                "{\"alg\":\"es256\",\"kid\":\"ec\"}",
                "{\"alg\":\"ES256\",\"kid\":\"ec\",\"enc\":\"A128GCM\",\"zip\":1,\"epk\":{},\"jwk\":7}",
                "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}",
                "{\"alg\":\"ES256\",\"kid\":\"ec\",\"x5c\":7}")) {
            assertThat(withHeader(header)).as(header).isEmpty();
        }
    }

    @Test
    void criticalHeadersAreRejected() throws Exception {
        for (String critical : List.of(
                "\"crit\":[\"x\"],\"x\":1",
                "\"crit\":[\"exp\"],\"exp\":1",
                "\"crit\":[\"b64\"],\"b64\":true",
                "\"crit\":[\"b64\"],\"b64\":false",
                "\"crit\":[\"b64\",\"x\"],\"b64\":true",
                "\"crit\":[\"alg\"]",
                "\"crit\":[]",
                "\"crit\":[null]",
                "\"crit\":\"x\"",
                "\"crit\":7",
                "\"b64\":false")) {
            assertThat(withHeader("{\"alg\":\"ES256\",\"kid\":\"ec\"," + critical + "}"))
                    .as(critical)
                    .isEmpty();
        }
    }

    @Test
    void itsLengthMakesNoDifference() {
        for (String token : List.of(
                "a".repeat(5_000_000),
                ".".repeat(1_000_000),
                "a.b.".repeat(250_000),
                Base64URL.encode("{\"alg\":\"ES256\",\"x\":" + "[".repeat(1_000_000)) + ".e30.AA",
                Base64URL.encode("{\"alg\":\"ES256\",\"kid\":\"ec\"}") + "."
                        + Base64URL.encode("{\"x\":" + "[".repeat(1_000_000)) + ".AA",
                Base64URL.encode("{\"alg\":\"ES256\",\"kid\":\"ec\"}") + ".e30." + "A".repeat(1_000_000))) {
            assertThatCode(() -> assertThat(authenticator.authenticate(List.of("Bearer " + token), "192.0.2.1"))
                            .isEmpty())
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void manyClaimsAreAccepted() throws Exception {
        Map<String, String> claims = good();
        for (int i = 0; i < 1000; i++) {
            claims.put("claim" + i, "\"" + "x".repeat(100) + "\"");
        }
        assertThat(principal(json(claims))).isPresent();
    }
}
