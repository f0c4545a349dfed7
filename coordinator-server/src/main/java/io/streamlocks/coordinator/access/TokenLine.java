package io.streamlocks.coordinator.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** A line of a tokens file, read strictly. Its problems never repeat a value, which may be a token by mistake. */
final class TokenLine {

    private static final Set<String> FIELDS =
            Set.of("id", "sha256", "role", "streamPrefixes", "ownerPrefix", "expiresAt");
    private static final Pattern HASH = Pattern.compile("[0-9a-fA-F]{64}");
    private static final Pattern NAME = Pattern.compile("\\w{1,30}");

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final int number;
    private final JsonNode object;
    private final List<String> problems;

    private TokenLine(int number, JsonNode object, List<String> problems) {
        this.number = number;
        this.object = object;
        this.problems = problems;
    }

    /**
     * Reads a line.
     *
     * @param number the number of the line, for the problems
     * @param line the line
     * @param problems receives the problems
     * @return the entry; empty if there is a problem
     */
    static Optional<Tokens.Entry> parse(int number, String line, List<String> problems) {
        JsonNode object;
        try {
            object = MAPPER.readTree(line);
        } catch (JsonProcessingException e) {
            // The message of the exception quotes the line.
            problems.add("line " + number + ": is not one JSON object, or contains a field twice");
            return Optional.empty();
        }
        if (!object.isObject()) {
            problems.add("line " + number + ": is not a JSON object");
            return Optional.empty();
        }
        return new TokenLine(number, object, problems).entry();
    }

    /** Returns the line of a token. */
    static String of(Principal principal, String token, Optional<Instant> expiresAt) {
        ObjectNode object = MAPPER.createObjectNode();
        object.put("id", principal.id());
        object.put("sha256", HexFormat.of().formatHex(Tokens.sha256(token)));
        object.put("role", principal.role().code());
        if (!principal.streamPrefixes().isEmpty()) {
            ArrayNode prefixes = object.putArray("streamPrefixes");
            principal.streamPrefixes().forEach(prefixes::add);
        }
        if (!principal.ownerPrefix().isEmpty()) {
            object.put("ownerPrefix", principal.ownerPrefix());
        }
        expiresAt.ifPresent(instant -> object.put("expiresAt", instant.toString()));
        return object.toString();
    }

    private Optional<Tokens.Entry> entry() {
        int before = problems.size();
        object.fieldNames().forEachRemaining(name -> {
            if (!FIELDS.contains(name)) {
                problem(NAME.matcher(name).matches() ? name : "a name", "is not a field of a token");
            }
        });
        Optional<String> id = required("id", TokenLine::label, Label.RULE);
        Optional<byte[]> sha256 = required("sha256", TokenLine::hash, "must be 64 hex digits");
        Optional<Role> role = required("role", node -> Role.of(node.asText()), "must be one of " + Role.codes());
        Optional<List<String>> prefixes = optional(
                "streamPrefixes",
                TokenLine::labels,
                "must be an array of one or more prefixes, each of which " + Label.RULE + "; omit it for all streams");
        Optional<String> owner = optional("ownerPrefix", TokenLine::label, Label.RULE + "; omit it for all owners");
        Optional<Instant> expiresAt =
                optional("expiresAt", TokenLine::instant, "must be an instant such as 2027-01-01T00:00:00Z");
        if (problems.size() > before) {
            return Optional.empty();
        }
        Principal principal =
                new Principal(id.orElseThrow(), role.orElseThrow(), prefixes.orElse(List.of()), owner.orElse(""));
        return Optional.of(new Tokens.Entry(sha256.orElseThrow(), principal, expiresAt));
    }

    private <T> Optional<T> required(String field, Function<JsonNode, Optional<T>> reading, String rule) {
        if (!object.has(field)) {
            problem(field, "is missing");
            return Optional.empty();
        }
        return optional(field, reading, rule);
    }

    private <T> Optional<T> optional(String field, Function<JsonNode, Optional<T>> reading, String rule) {
        if (!object.has(field)) {
            return Optional.empty();
        }
        Optional<T> value = reading.apply(object.get(field));
        if (value.isEmpty()) {
            problem(field, rule);
        }
        return value;
    }

    private void problem(String field, String problem) {
        problems.add("line " + number + ": " + field + " " + problem);
    }

    static Optional<String> label(JsonNode node) {
        return node.isTextual() && Label.isValid(node.asText()) ? Optional.of(node.asText()) : Optional.empty();
    }

    static Optional<List<String>> labels(JsonNode node) {
        List<String> labels = new ArrayList<>();
        node.forEach(element -> label(element).ifPresent(labels::add));
        return node.isArray() && !labels.isEmpty() && labels.size() == node.size()
                ? Optional.of(labels)
                : Optional.empty();
    }

    private static Optional<byte[]> hash(JsonNode node) {
        return node.isTextual() && HASH.matcher(node.asText()).matches()
                ? Optional.of(HexFormat.of().parseHex(node.asText()))
                : Optional.empty();
    }

    private static Optional<Instant> instant(JsonNode node) {
        try {
            return node.isTextual() ? Optional.of(Instant.parse(node.asText())) : Optional.empty();
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
