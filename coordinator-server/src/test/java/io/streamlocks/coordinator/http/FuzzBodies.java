package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import io.swagger.v3.oas.models.media.Schema;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** JSON made from a schema of the contract: valid values, and every way in which each field of it can be wrong. */
final class FuzzBodies {

    /** The required outcome of a body. */
    enum Expected {
        /** 400 {@code invalid-field} with the field; in a batch perhaps for one item only. */
        INVALID_FIELD,
        /** 400, because it is not JSON, or because of a fault before the field. */
        MALFORMED,
        /** Any documented response. */
        DOCUMENTED
    }

    /**
     * A body with one fault.
     *
     * @param name what is wrong
     * @param field where it is wrong
     * @param body makes a body; everything but the fault differs each time
     */
    record Faulty(String name, String field, Expected expected, Function<Random, String> body) {}

    /** Replaces the value of the field by JSON; null leaves the field out. */
    private interface Hole {
        String fill(Random random, String json);
    }

    /** The name of the fault if it is not in a field. */
    private static final String BODY = "body";

    private static final String EMOJI = "\uD83D\uDE00";

    /** Few, so that calls meet each other. */
    private static final List<String> IDS =
            List.of("a", "orders/eu", "100%", "..", ".", "a b+c;d=e?f#g", "\u00e9", EMOJI, "x".repeat(255), "\"\\");

    private static final List<UUID> LEASE_IDS = IntStream.range(0, 20)
            .mapToObj(i -> new UUID(0x5f0c1c5e5a0a4f5eL, 0x9d573f8f1f8f6f00L + i))
            .toList();

    private static final long MAX_TTL_MS = 86_400_000;

    private static final long MOST_WAIT_MS = 5;

    /** Texts as they are in JSON. The pattern and the lengths of a schema decide whether it accepts them. */
    private static final List<String> ODD_STRINGS = List.of(
            "",
            " ",
            "\\u0000",
            "a\\nb",
            "\\u007f",
            "\\u0085",
            "\\u2028",
            "a\\u2029b",
            "\\u202e",
            "%00",
            "../../x",
            "' OR 1=1 --",
            "<script>alert(1)</script>",
            "${jndi:ldap://x/y}",
            "{{7*7}}",
            "x".repeat(64),
            "x".repeat(256),
            EMOJI.repeat(256),
            "x".repeat(10_000));

    /** Texts that the contract refuses in words: the patterns of some languages cannot express it. */
    private static final Pattern REFUSED_IN_WORDS = Pattern.compile("[\\x{80}-\\x{9F}\\x{2028}\\x{2029}]");

    /** Texts that are refused in a way that depends on their place. */
    private static final List<String> BROKEN_UNICODE = List.of(
            "\\ud83d", "\\ude00", "\\ude00\\ud83d", "a\\ud83db", "\\ufffe", "\\uffff", "\\udbff\\udfff", "\\ufdd0");

    private static final List<String> NO_UUIDS = List.of(
            "",
            "mine",
            "1-1-1-1-1",
            "5f0c1c5e5a0a4f5e9d573f8f1f8f6f10",
            "{5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10}",
            "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10 ",
            "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f1g",
            "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f1\\uff10",
            "urn:uuid:5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10");

    private static final List<String> NO_INSTANTS = List.of(
            "", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z", "1", "2026-01-01T00:00:00");

    private static final List<String> NO_JSON = List.of(
            "NaN",
            "Infinity",
            "-Infinity",
            "0x10",
            "+5",
            "05",
            "1.",
            ".5",
            "1e",
            "--1",
            "undefined",
            "True",
            "'x'",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "\"\u0000\"",
            "\"",
            "[",
            "{",
            "]",
            "}",
            ",",
            "[1,]",
            "{\"a\":}",
            "{a:1}",
            "/**/1",
            "#1");

    private FuzzBodies() {}

    /** Returns a value that a schema accepts. */
    static String valid(Schema<?> schema, String name, Random random) {
        switch (type(schema)) {
            case "object":
                return object(valid(schema, random));
            case "array":
                return "[" + validItems(schema, name, random, random.nextInt(4)) + "]";
            case "integer":
                return integer(schema, random).toString();
            case "boolean":
                return Boolean.toString(random.nextBoolean());
            case "string":
                return quoted(validText(schema, name, random));
            default:
                throw new IllegalArgumentException("Not known how to make a " + type(schema) + " for " + name);
        }
    }

    /** Returns the same value as text, not as JSON. */
    static String validText(Schema<?> schema, String name, Random random) {
        if (schema.getEnum() != null) {
            return schema.getEnum().get(random.nextInt(schema.getEnum().size())).toString();
        }
        if ("uuid".equals(schema.getFormat())) {
            return random.nextInt(3) == 0
                    ? new UUID(random.nextLong(), random.nextLong()).toString()
                    : LEASE_IDS.get(random.nextInt(LEASE_IDS.size())).toString();
        }
        if ("date-time".equals(schema.getFormat())) {
            return Instant.ofEpochSecond(1_700_000_000L + random.nextInt(100_000_000))
                    .toString();
        }
        if (type(schema).equals("integer")) {
            return integer(schema, random).toString();
        }
        String text = IDS.get(random.nextInt(IDS.size()));
        return takes(schema, text) ? text : name;
    }

    private static BigInteger integer(Schema<?> schema, Random random) {
        long min = schema.getMinimum() == null ? 0 : schema.getMinimum().longValueExact();
        long max = schema.getMaximum() == null
                ? Long.MAX_VALUE
                : most(schema.getMaximum().longValueExact());
        return switch (random.nextInt(4)) {
            case 0 -> BigInteger.valueOf(min);
            case 1 -> BigInteger.valueOf(max);
            default -> BigInteger.valueOf(random.nextLong(min, max));
        };
    }

    private static long most(long maximum) {
        if (maximum == MAX_TTL_MS) {
            // A ttl is limited by the server under test, whose setting may be below the maximum of the contract.
            return TestServer.MAX_TTL.toMillis();
        }
        // A call with a valid wait would take that time.
        return maximum == Limits.MAX_WAIT.toMillis() ? MOST_WAIT_MS : maximum;
    }

    private static Map<String, String> valid(Schema<?> schema, Random random) {
        Map<String, String> fields = new LinkedHashMap<>();
        properties(schema).forEach((name, property) -> {
            if (required(schema, name) || random.nextBoolean()) {
                fields.put(name, valid(property, name, random));
            }
        });
        if (schema.getAdditionalProperties() instanceof Schema<?> value) {
            for (int i = random.nextInt(4); i > 0; i--) {
                fields.put("key" + i, valid(value, "value", random));
            }
        }
        return fields;
    }

    private static String validItems(Schema<?> array, String name, Random random, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> valid(array.getItems(), name, random))
                .collect(Collectors.joining(","));
    }

    private static String type(Schema<?> schema) {
        return schema.getType() == null && schema.getProperties() != null ? "object" : schema.getType();
    }

    @SuppressWarnings("rawtypes")
    private static Map<String, Schema> properties(Schema<?> schema) {
        return schema.getProperties() == null ? Map.of() : schema.getProperties();
    }

    private static boolean required(Schema<?> schema, String name) {
        return schema.getRequired() != null && schema.getRequired().contains(name);
    }

    private static String object(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> quoted(field.getKey()) + ":" + field.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }

    static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** Returns every way in which a body of a schema can be wrong. */
    static List<Faulty> faults(Schema<?> schema) {
        List<Faulty> faults = new ArrayList<>();
        addFaults(faults, schema, BODY, true, (random, json) -> json == null ? "" : json);
        Function<Random, String> valid = random -> valid(schema, "body", random);
        for (String after : List.of("x", "{}", "]", ",", "\u0000", "//")) {
            add(faults, "what follows: " + after, BODY, Expected.MALFORMED, random -> valid.apply(random) + after);
        }
        add(faults, "truncated", BODY, Expected.MALFORMED, random -> {
            String whole = valid.apply(random);
            return whole.substring(0, random.nextInt(whole.length()));
        });
        add(faults, "valid", BODY, Expected.DOCUMENTED, valid);
        return faults;
    }

    private static void addFaults(List<Faulty> faults, Schema<?> schema, String field, boolean required, Hole hole) {
        switch (type(schema)) {
            case "object" -> addObjectFaults(faults, schema, field, hole);
            case "array" -> addArrayFaults(faults, schema, field, hole);
            case "integer" -> addIntegerFaults(faults, schema, field, hole);
            case "string" -> addStringFaults(faults, schema, field, hole);
            default -> {}
        }
        addWrongTypes(faults, type(schema), field, hole);
        if (required) {
            Expected missing = field.equals(BODY) ? Expected.MALFORMED : Expected.INVALID_FIELD;
            add(faults, "missing", field, missing, random -> hole.fill(random, null));
        }
        add(faults, "null", field, required ? Expected.INVALID_FIELD : Expected.DOCUMENTED, hole, "null");
        for (String json : NO_JSON) {
            add(faults, "no JSON: " + json, field, Expected.MALFORMED, hole, json);
        }
        for (String nested : List.of("[".repeat(60_000), "{\"a\":".repeat(12_000), "[[[[".repeat(500))) {
            add(faults, "deep nesting", field, Expected.MALFORMED, hole, nested);
        }
    }

    private static void addWrongTypes(List<Faulty> faults, String type, String field, Hole hole) {
        Map<String, String> samples = new LinkedHashMap<>();
        samples.put("7", "integer");
        samples.put("7.5", "number");
        samples.put("true", "boolean");
        samples.put("\"x\"", "string");
        samples.put("[]", "array");
        samples.put("[[\"x\"],{\"y\":[]}]", "array");
        samples.put("{}", "object");
        samples.put("{\"a\":{\"b\":[1]}}", "object");
        samples.forEach((json, of) -> {
            if (!of.equals(type)) {
                add(faults, "wrong type: " + json, field, Expected.INVALID_FIELD, hole, json);
            }
        });
    }

    private static void addObjectFaults(List<Faulty> faults, Schema<?> schema, String field, Hole hole) {
        String prefix = field.equals(BODY) ? "" : field + ".";
        properties(schema)
                .forEach((name, property) ->
                        addFaults(faults, property, prefix + name, required(schema, name), (random, json) -> {
                            Map<String, String> fields = valid(schema, random);
                            fields.remove(name);
                            if (json != null) {
                                fields.put(name, json);
                            }
                            return hole.fill(random, object(fields));
                        }));
        if (schema.getAdditionalProperties() instanceof Schema<?> value) {
            addFaults(
                    faults,
                    value,
                    prefix + "key",
                    false,
                    (random, json) -> hole.fill(random, "{" + (json == null ? "" : "\"key\":" + json) + "}"));
            if (schema.getMaxProperties() != null) {
                Map<String, String> tooMany = new LinkedHashMap<>();
                IntStream.rangeClosed(0, schema.getMaxProperties())
                        .forEach(i -> tooMany.put("key" + i, valid(value, "value", new Random(i))));
                add(faults, "too many", field, Expected.INVALID_FIELD, hole, object(tooMany));
            }
        } else {
            for (String unknown : List.of(
                    "unknown",
                    "",
                    "a.b",
                    "items[0]",
                    "\u00e9",
                    "\\u0000",
                    "\\u2028",
                    "__proto__",
                    "@class",
                    "x".repeat(63) + EMOJI + EMOJI,
                    EMOJI.repeat(40),
                    "x".repeat(10_000))) {
                // The problem names some field; which one depends on the server.
                add(faults, "unknown field " + unknown, null, Expected.INVALID_FIELD, random -> {
                    String with = object(valid(schema, random));
                    String more = (with.equals("{}") ? "" : ",") + "\"" + unknown + "\":1}";
                    return hole.fill(random, with.substring(0, with.length() - 1) + more);
                });
            }
        }
        properties(schema)
                .keySet()
                .forEach(name -> add(faults, "twice", prefix + name, Expected.MALFORMED, random -> {
                    String with = object(valid(schema, random));
                    String more = (with.equals("{}") ? "" : ",")
                            + String.format(Locale.ROOT, "%s:1,%s:1}", quoted(name), quoted(name));
                    return hole.fill(random, with.substring(0, with.length() - 1) + more);
                }));
        add(
                faults,
                "many fields",
                field,
                Expected.DOCUMENTED,
                random -> hole.fill(
                        random,
                        IntStream.range(0, 30_000)
                                .mapToObj(i -> "\"" + i + "\":1")
                                .collect(Collectors.joining(",", "{", "}"))));
    }

    private static void addArrayFaults(List<Faulty> faults, Schema<?> schema, String field, Hole hole) {
        addFaults(faults, schema.getItems(), field + "[0]", true, (random, json) -> {
            String more = validItems(schema, field, random, random.nextInt(3));
            return hole.fill(random, "[" + (json == null ? "{}" : json) + (more.isEmpty() ? "" : "," + more) + "]");
        });
        if (schema.getMaxItems() != null) {
            int tooMany = schema.getMaxItems() + 1;
            add(
                    faults,
                    "too many",
                    field,
                    Expected.INVALID_FIELD,
                    random -> hole.fill(
                            random,
                            "[" + validItems(schema, field, random, tooMany).replace("x".repeat(255), "x") + "]"));
            add(faults, "far too many", field, Expected.INVALID_FIELD, hole, "[" + "0,".repeat(200_000) + "0]");
        }
    }

    private static void addIntegerFaults(List<Faulty> faults, Schema<?> schema, String field, Hole hole) {
        for (String json : List.of("30000.5", "1e400", "-1e400", "1e-400", "0.1e1", "\"30000\"", "\"\"")) {
            add(faults, "no integer: " + json, field, Expected.INVALID_FIELD, hole, json);
        }
        for (String json :
                List.of("-0", "-0.0", "30000.0", "3e4", "9".repeat(999), "9".repeat(50_000), "1e999999999")) {
            add(faults, "odd integer: " + json, field, Expected.DOCUMENTED, hole, json);
        }
        List<BigInteger> edges = new ArrayList<>(List.of(
                BigInteger.valueOf(-1),
                BigInteger.ZERO,
                BigInteger.ONE.shiftLeft(31),
                BigInteger.ONE.shiftLeft(53),
                BigInteger.valueOf(Long.MAX_VALUE),
                BigInteger.ONE.shiftLeft(63),
                BigInteger.ONE.shiftLeft(63).negate(),
                BigInteger.TEN.pow(100)));
        if (schema.getMinimum() != null) {
            edges.add(schema.getMinimum().toBigIntegerExact().subtract(BigInteger.ONE));
        }
        if (schema.getMaximum() != null) {
            edges.add(schema.getMaximum().toBigIntegerExact().add(BigInteger.ONE));
        }
        for (BigInteger edge : edges) {
            Expected expected = takes(schema, edge) ? Expected.DOCUMENTED : Expected.INVALID_FIELD;
            add(faults, "edge " + edge, field, expected, hole, edge.toString());
        }
    }

    private static void addStringFaults(List<Faulty> faults, Schema<?> schema, String field, Hole hole) {
        for (String odd : ODD_STRINGS) {
            add(faults, "odd text " + odd, field, expectedOf(schema, unescaped(odd)), hole, "\"" + odd + "\"");
        }
        for (String broken : BROKEN_UNICODE) {
            add(faults, "broken text " + broken, field, Expected.DOCUMENTED, hole, "\"" + broken + "\"");
        }
        List<String> others = "uuid".equals(schema.getFormat())
                ? NO_UUIDS
                : "date-time".equals(schema.getFormat()) ? NO_INSTANTS : List.of();
        for (String other : others) {
            add(
                    faults,
                    "no " + schema.getFormat() + ": " + other,
                    field,
                    Expected.INVALID_FIELD,
                    hole,
                    "\"" + other + "\"");
        }
    }

    /** Returns what the server must do with a text in the place of a value of a schema. */
    static Expected expectedOf(Schema<?> schema, String text) {
        boolean taken = type(schema).equals("integer")
                ? text.matches("[0-9]{1,300}") && takes(schema, new BigInteger(text))
                : takes(schema, text) && schema.getFormat() == null;
        return taken ? Expected.DOCUMENTED : Expected.INVALID_FIELD;
    }

    private static boolean takes(Schema<?> schema, String text) {
        int length = text.codePointCount(0, text.length());
        return (schema.getEnum() == null || schema.getEnum().contains(text))
                && (schema.getMinLength() == null || length >= schema.getMinLength())
                && (schema.getMaxLength() == null || length <= schema.getMaxLength())
                && (schema.getPattern() == null
                        || Pattern.compile(schema.getPattern()).matcher(text).find()
                                && !REFUSED_IN_WORDS.matcher(text).find());
    }

    private static boolean takes(Schema<?> schema, BigInteger value) {
        BigDecimal decimal = new BigDecimal(value);
        return (schema.getMinimum() == null || decimal.compareTo(schema.getMinimum()) >= 0)
                && (schema.getMaximum() == null || decimal.compareTo(schema.getMaximum()) <= 0)
                && value.bitLength() <= ("int32".equals(schema.getFormat()) ? 31 : 63);
    }

    /** Returns texts for a parameter before they are percent-encoded. */
    static List<String> oddTexts() {
        List<String> texts =
                new ArrayList<>(ODD_STRINGS.stream().map(FuzzBodies::unescaped).toList());
        texts.remove("x".repeat(10_000));
        texts.addAll(NO_UUIDS.stream().map(FuzzBodies::unescaped).toList());
        texts.addAll(NO_INSTANTS);
        texts.addAll(List.of("0", "-1", "+5", "1.0", "1e2", "0x10", "\u0661", "1 ", "99999999999", "9".repeat(300)));
        return texts;
    }

    private static String unescaped(String json) {
        return Pattern.compile("\\\\u(....)|\\\\n")
                .matcher(json)
                .replaceAll(match -> match.group(1) == null
                        ? "\n"
                        : java.util.regex.Matcher.quoteReplacement(
                                String.valueOf((char) Integer.parseInt(match.group(1), 16))));
    }

    private static void add(
            List<Faulty> faults, String name, String field, Expected expected, Function<Random, String> body) {
        faults.add(new Faulty(name.length() > 60 ? name.substring(0, 60) : name, field, expected, body));
    }

    private static void add(List<Faulty> faults, String name, String field, Expected expected, Hole hole, String json) {
        add(faults, name, field, expected, random -> hole.fill(random, json));
    }
}
