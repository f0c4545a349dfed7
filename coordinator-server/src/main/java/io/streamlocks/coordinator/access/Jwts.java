package io.streamlocks.coordinator.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Date;
import java.util.Optional;
import java.util.Set;

/**
 * Verifies JWTs: signed with a key of the key set, for this audience, by this issuer, not expired. This class is
 * thread-safe.
 *
 * <p>The claims correspond to the fields of a line of a tokens file: {@code sub} is the id, and {@code role} the role.
 * The claims {@code stream_prefixes} (an array) and {@code owner_prefix} are optional. One invalid claim makes the JWT
 * invalid.
 */
final class Jwts {

    /** Algorithms with a public key only. With a shared secret every server could make tokens. */
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    /** How far the clocks of the issuer and of this server may be apart. */
    private static final int MAX_CLOCK_SKEW_SECONDS = 30;

    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    Jwts(JWKSource<SecurityContext> keys, String issuer, String audience, InstantSource wallClock) {
        // Another type may be the only sign of a token for another purpose, such as an ID token.
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
        processor.setJWTClaimsSetVerifier(new ClaimsVerifier(issuer, audience, wallClock));
    }

    /**
     * Verifies a JWT.
     *
     * @return the caller that it names; empty if it is not valid
     * @throws KeysUnavailableException if it cannot be verified now
     */
    Optional<Principal> principal(String token) {
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            if (jwt.getHeader().getCriticalParams() != null) {
                // The header lists extensions that a server must support, and this server supports none.
                return Optional.empty();
            }
            processor.process(jwt, null);
            return JwtClaims.principal(jwt.getPayload().toBytes());
        } catch (JWKSetUnavailableException e) {
            throw new KeysUnavailableException(e);
        } catch (ParseException | BadJOSEException | JOSEException | RuntimeException e) {
            // The reason is not reported: the caller must not learn it, and the message may quote the token. Some
            // invalid tokens cause a RuntimeException. For example, a header of null causes a NullPointerException.
            return Optional.empty();
        }
    }

    /** A verifier with a clock that a test can set. */
    private static final class ClaimsVerifier extends DefaultJWTClaimsVerifier<SecurityContext> {
        private final InstantSource wallClock;

        ClaimsVerifier(String issuer, String audience, InstantSource wallClock) {
            super(audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "role", "exp"));
            this.wallClock = wallClock;
            setMaxClockSkew(MAX_CLOCK_SKEW_SECONDS);
        }

        @Override
        protected Date currentTime() {
            return Date.from(wallClock.instant());
        }
    }
}
