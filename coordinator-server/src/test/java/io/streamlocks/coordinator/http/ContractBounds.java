package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.http.FuzzCases.Target;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Both ends of every bound of the contract for what a client sends. New bounds are included automatically, and an
 * unknown kind of bound fails.
 */
final class ContractBounds {

    /**
     * A bound of a field or parameter.
     *
     * @param field as a problem names it, such as {@code items[0].ttlMs}
     * @param name the name of the bound, such as {@code maxLength}
     * @param within the last value that is accepted; null if only the server can make one
     * @param beyond the first value that is refused
     */
    record Bound(Target target, String field, String name, Object within, Object beyond) {

        /** Returns a body that is valid but for this value of the field. */
        Object body(Object value) {
            return isParameter()
                    ? ContractBounds.body(target.body(), "", "", null)
                    : ContractBounds.body(target.body(), "", field, value);
        }

        boolean isParameter() {
            return target.parameters().stream()
                    .anyMatch(parameter -> parameter.getName().equals(field));
        }

        /** Returns the path, with the value of the parameter if the bound is for one. */
        String path(Object value) {
            String path = target.path();
            String query = "";
            for (Parameter parameter : target.parameters()) {
                boolean given = parameter.getName().equals(field);
                if ("path".equals(parameter.getIn())) {
                    String text = given ? value.toString() : TestServer.randomStream();
                    path = path.replace("{" + parameter.getName() + "}", TestServer.encoded(text));
                } else if (given) {
                    query = "?" + field + "=" + TestServer.encoded(value.toString());
                }
            }
            return path + query;
        }

        @Override
        public String toString() {
            return target + ": " + name + " of " + field;
        }
    }

    /** Ids are counted in characters. This one takes two units in UTF-16. */
    private static final String EMOJI = "\uD83D\uDE00";

    private static final String PRINTABLE = "^[^\\x00-\\x1F\\x7F]+$";

    private ContractBounds() {}

    static List<Bound> all() {
        List<Bound> bounds = new ArrayList<>();
        for (Target target : FuzzCases.targets()) {
            for (Parameter parameter : target.parameters()) {
                add(bounds, target, parameter.getName(), parameter.getSchema());
            }
            if (target.body() != null) {
                addFields(bounds, target, "", target.body());
            }
        }
        return bounds;
    }

    private static void addFields(List<Bound> bounds, Target target, String field, Schema<?> schema) {
        add(bounds, target, field, schema);
        if (schema.getProperties() != null) {
            schema.getProperties()
                    .forEach((name, property) ->
                            addFields(bounds, target, field.isEmpty() ? name : field + "." + name, property));
        }
        if (schema.getItems() != null) {
            addFields(bounds, target, field + "[0]", schema.getItems());
        }
        if (schema.getAdditionalProperties() instanceof Schema<?> value) {
            addFields(bounds, target, field + ".a", value);
            // A schema cannot bound the names of a map, so the contract does it in words.
            BiConsumer<String, String> name = (within, beyond) -> bounds.add(
                    new Bound(target, field + "." + beyond, "name", Map.of(within, "x"), Map.of(beyond, "x")));
            name.accept("x".repeat(63), "x".repeat(64));
            name.accept(EMOJI.repeat(63), EMOJI.repeat(64));
            name.accept("x", "");
        }
    }

    private static void add(List<Bound> bounds, Target target, String field, Schema<?> schema) {
        BiConsumer<String, List<?>> bound =
                (name, ends) -> bounds.add(new Bound(target, field, name, ends.get(0), ends.get(1)));
        if (schema.getMinimum() != null) {
            bound.accept(
                    "minimum", List.of(schema.getMinimum(), schema.getMinimum().subtract(BigDecimal.ONE)));
        }
        if (schema.getMaximum() != null) {
            bound.accept(
                    "maximum", List.of(schema.getMaximum(), schema.getMaximum().add(BigDecimal.ONE)));
        }
        if (schema.getMinLength() != null) {
            String text = "x".repeat(schema.getMinLength() - 1);
            if (field.equals(Paging.PAGE_TOKEN)) {
                bounds.add(new Bound(target, field, "minLength", null, text));
            } else {
                bound.accept("minLength", List.of(text + EMOJI, text));
            }
        }
        if (schema.getMaxLength() != null) {
            for (String character : List.of("x", EMOJI, "\u00e9")) {
                String text = character.repeat(schema.getMaxLength());
                bound.accept("maxLength in " + character, List.of(text, text + character));
            }
        }
        if (schema.getMaxItems() != null) {
            bound.accept(
                    "maxItems", List.of(items(schema, schema.getMaxItems()), items(schema, schema.getMaxItems() + 1)));
        }
        if (schema.getMaxProperties() != null) {
            bound.accept(
                    "maxProperties",
                    List.of(entries(schema.getMaxProperties()), entries(schema.getMaxProperties() + 1)));
        }
        if (schema.getPattern() != null) {
            if (!schema.getPattern().equals(PRINTABLE)) {
                throw new AssertionError("What are the ends of " + schema.getPattern() + "?");
            }
            for (List<String> ends : List.of(
                    List.of(" ", "\u001f"),
                    List.of("~", "\u007f"),
                    List.of("\u00a0", "\u009f"),
                    List.of("\u2027", "\u2028"),
                    List.of("\u202a", "\u2029"))) {
                bound.accept(
                        String.format(
                                Locale.ROOT, "pattern U+%04X", (int) ends.get(1).charAt(0)),
                        List.of("x" + ends.get(0), "x" + ends.get(1)));
            }
        }
        boolean unknown = schema.getMinItems() != null
                || schema.getMinProperties() != null
                || schema.getMultipleOf() != null
                || schema.getUniqueItems() != null
                || schema.getExclusiveMaximum() != null
                || schema.getExclusiveMinimum() != null;
        if (unknown) {
            throw new AssertionError("A bound of " + target + ", " + field + ", that is not known here");
        }
    }

    private static List<Object> items(Schema<?> schema, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> body(schema.getItems(), "", "", null))
                .toList();
    }

    private static Map<String, String> entries(int count) {
        return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "name-" + i, i -> "x"));
    }

    /**
     * Returns the smallest value that a schema accepts.
     *
     * @param at where the schema is in the body
     * @param field where the value belongs
     */
    private static Object body(Schema<?> schema, String at, String field, Object value) {
        if (at.equals(field) && !at.isEmpty()
                || field.startsWith(at + ".") && schema.getProperties() == null && value instanceof Map) {
            return value;
        }
        if (schema == null) {
            return null;
        }
        if (schema.getItems() != null) {
            return List.of(body(schema.getItems(), at + "[0]", field, value));
        }
        if (schema.getAdditionalProperties() instanceof Schema<?>) {
            return Map.of(field.substring(at.length() + 1), value);
        }
        if (schema.getProperties() != null) {
            Map<String, Object> object = new LinkedHashMap<>();
            List<String> required = schema.getRequired() == null ? Collections.emptyList() : schema.getRequired();
            schema.getProperties().forEach((name, property) -> {
                String place = at.isEmpty() ? name : at + "." + name;
                if (required.contains(name) || field.equals(place) || field.startsWith(place + ".")) {
                    object.put(name, body(property, place, field, value));
                }
            });
            return object;
        }
        if ("integer".equals(schema.getType())) {
            return schema.getMinimum();
        }
        if ("uuid".equals(schema.getFormat())) {
            return UUID.randomUUID();
        }
        return TestServer.randomStream();
    }
}
