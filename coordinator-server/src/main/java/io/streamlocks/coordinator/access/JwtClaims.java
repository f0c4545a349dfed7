package io.streamlocks.coordinator.access;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The claims of a JWT, read literally. The library that verifies them turns numbers into text, and treats null as a
 * missing claim. An {@code exp} of null would never end.
 */
final class JwtClaims {

    /** The last second of the year 9999, since 1970. Larger numbers are mistakes, such as milliseconds. */
    private static final double MAX_TIME = 253_402_300_799.0;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final JsonNode claims;

    private JwtClaims(JsonNode claims) {
        this.claims = claims;
    }

    /**
     * Reads the caller that they name. The caller of this method verifies the signature, the times and the names.
     *
     * @param json the payload
     * @return the caller that they name; empty if a claim is missing, has another type, or occurs twice
     */
    static Optional<Principal> principal(byte[] json) {
        try {
            JsonNode claims = MAPPER.readTree(json);
            return claims.isObject() ? new JwtClaims(claims).principal() : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Optional<Principal> principal() {
        boolean valid = claims.has("exp")
                && claims.path("iss").isTextual()
                && isAudience(claims.path("aud"))
                && Stream.of("exp", "nbf", "iat").allMatch(time -> isAbsentOr(time, JwtClaims::isTime))
                && isAbsentOr("jti", JsonNode::isTextual);
        Optional<String> id = TokenLine.label(claims.path("sub"));
        Optional<Role> role = Role.of(claims.path("role").textValue());
        Optional<List<String>> prefixes = orElse("stream_prefixes", TokenLine::labels, List.of());
        Optional<String> owner = orElse("owner_prefix", TokenLine::label, "");
        if (!valid || id.isEmpty() || role.isEmpty() || prefixes.isEmpty() || owner.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Principal(id.get(), role.get(), prefixes.get(), owner.get()));
    }

    private boolean isAbsentOr(String claim, Predicate<JsonNode> rule) {
        return !claims.has(claim) || rule.test(claims.get(claim));
    }

    private <T> Optional<T> orElse(String claim, Function<JsonNode, Optional<T>> reading, T absent) {
        return claims.has(claim) ? reading.apply(claims.get(claim)) : Optional.of(absent);
    }

    private static boolean isTime(JsonNode node) {
        return node.isNumber() && node.doubleValue() >= 0 && node.doubleValue() <= MAX_TIME;
    }

    private static boolean isAudience(JsonNode node) {
        return node.isTextual() || node.isArray() && node.valueStream().allMatch(JsonNode::isTextual);
    }
}
