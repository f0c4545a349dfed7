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
 * Verifies JWTs: signed with a key of the key set, for this audience, by this issuer, not expired. Thread-safe.
 *
 * <p>The claims say what the line of a tokens file says: {@code sub} is the id, {@code role} the role; {@code
 * stream_prefixes} (an array) and {@code owner_prefix} may be left out. A claim that is not as it should be makes the
 * whole JWT worth nothing.
 */
final class Jwts {

    /** Those with a public key alone: a secret that both sides know would let every server make tokens. */
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
        // Of a token for something else, as an ID token, another type may be the only sign.
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
        processor.setJWTClaimsSetVerifier(new ClaimsVerifier(issuer, audience, wallClock));
    }

    /**
     * Whoever has this JWT, or empty if it proves nothing.
     *
     * @throws KeysUnavailableException if that cannot be told now
     */
    Optional<Principal> principal(String token) {
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            if (jwt.getHeader().getCriticalParams() != null) {
                // It names what must be understood, and nothing beyond the standard is.
                return Optional.empty();
            }
            processor.process(jwt, null);
            return JwtClaims.principal(jwt.getPayload().toBytes());
        } catch (JWKSetUnavailableException e) {
            throw new KeysUnavailableException(e);
        } catch (ParseException | BadJOSEException | JOSEException | RuntimeException e) {
            // Why is for nobody: the caller must not learn it, and the message may quote the token. Not every token
            // that
            // is none is met with an exception of its own: a header that says null ends in a NullPointerException.
            return Optional.empty();
        }
    }

    /** With a clock that a test can set. */
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
