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
import java.util.List;
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
            return principal(processor.process(SignedJWT.parse(token), null));
        } catch (JWKSetUnavailableException e) {
            throw new KeysUnavailableException(e);
        } catch (ParseException | BadJOSEException | JOSEException | IllegalArgumentException e) {
            // Why is for nobody: the caller must not learn it, and the message may quote the token.
            return Optional.empty();
        }
    }

    private static Optional<Principal> principal(JWTClaimsSet claims) throws ParseException {
        String id = claims.getSubject();
        Optional<Role> role = Role.of(claims.getStringClaim("role"));
        boolean limited = claims.getClaims().containsKey("stream_prefixes");
        List<String> prefixes = limited ? claims.getStringListClaim("stream_prefixes") : List.of();
        boolean owned = claims.getClaims().containsKey("owner_prefix");
        String ownerPrefix = owned ? claims.getStringClaim("owner_prefix") : "";
        boolean valid = Label.isValid(id)
                && role.isPresent()
                && !(limited && (prefixes == null || prefixes.isEmpty()))
                && prefixes.stream().allMatch(prefix -> prefix != null && Label.isValid(prefix))
                && !(owned && (ownerPrefix == null || !Label.isValid(ownerPrefix)));
        return valid ? Optional.of(new Principal(id, role.orElseThrow(), prefixes, ownerPrefix)) : Optional.empty();
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
