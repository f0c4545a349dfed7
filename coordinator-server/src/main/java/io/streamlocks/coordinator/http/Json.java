package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.streamlocks.coordinator.lock.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Reads JSON strictly, and names the field at fault; writes JSON. This class is thread-safe. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(LogicalType.Textual, coercion -> coercion.setCoercion(
                            CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private Json() {}

    /**
     * Reads a body.
     *
     * @throws ProblemException with the field at fault, if the bytes are not JSON of this type
     */
    static <T> T read(byte[] body, Class<T> type) {
        try (JsonParser parser = MAPPER.createParser(text(body))) {
            if (parser.nextToken() == null) {
                throw malformed("The body is empty.");
            }
            T value = MAPPER.readValue(parser, type);
            if (parser.nextToken() != null) {
                throw malformed("The body continues after its JSON object.");
            }
            if (value == null) {
                throw ProblemException.invalid("body", "The body must be a JSON object.");
            }
            return value;
        } catch (JsonMappingException e) {
            throw fault("", e);
        } catch (JsonProcessingException e) {
            throw malformed(e);
        } catch (CharacterCodingException e) {
            throw malformed("The body is not valid UTF-8.");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Decodes strictly. The decoding of Jackson accepts overlong sequences, UTF-16 and UTF-32. */
    private static String text(byte[] body) throws CharacterCodingException {
        String text = new String(body, StandardCharsets.UTF_8);
        // This character stands for malformed bytes, but it may also have been sent. Strict decoding takes several
        // times as long.
        return text.indexOf('\uFFFD') < 0
                ? text
                : StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(body))
                        .toString();
    }

    /** Takes the items of a batch one by one while they are read. */
    interface Items<T> {
        void add(T item);

        /** Takes an item that is not of the type. It does not affect the others. */
        void addRefused(ProblemException problem);
    }

    /**
     * Reads a body such as {@code {"items": [...]}}, one item at a time.
     *
     * @param number the name of a number that may be beside the items; empty if there is none
     * @param maxItems how many items there may be; reading ends at the next one, and at a field that is neither {@code
     *     items} nor the number
     * @return the number; empty if it is not there
     * @throws ProblemException with the field at fault, if the bytes are not JSON or not of this form
     */
    static <T> Optional<Long> readItems(
            byte[] body, Optional<String> number, int maxItems, Class<T> type, Items<T> items) {
        ObjectReader reader = MAPPER.readerFor(type);
        boolean found = false;
        Optional<Long> beside = Optional.empty();
        try (JsonParser parser = MAPPER.createParser(text(body))) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw malformed("The body is empty.");
            }
            if (first != JsonToken.START_OBJECT) {
                throw ProblemException.invalid("body", "The body must be a JSON object.");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                if (number.isPresent() && field.equals(number.get())) {
                    beside = readNumber(parser, field);
                    continue;
                }
                if (!field.equals("items")) {
                    String shown = Fields.shown(field);
                    throw ProblemException.invalid(shown, shown + " is not a field of this request.");
                }
                JsonToken value = parser.nextToken();
                if (value != JsonToken.START_ARRAY && value != JsonToken.VALUE_NULL) {
                    throw ProblemException.invalid("items", "items must be an array.");
                }
                if (value == JsonToken.START_ARRAY) {
                    found = true;
                    readArray(parser, maxItems, reader, items);
                }
            }
            if (parser.nextToken() != null) {
                throw malformed("The body continues after its JSON object.");
            }
        } catch (JsonProcessingException e) {
            throw malformed(e);
        } catch (CharacterCodingException e) {
            throw malformed("The body is not valid UTF-8.");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!found) {
            throw ProblemException.invalid("items", "items is missing.");
        }
        return beside;
    }

    private static Optional<Long> readNumber(JsonParser parser, String field) throws IOException {
        parser.nextToken();
        try {
            return Optional.ofNullable(MAPPER.readerFor(Long.class).readValue(parser));
        } catch (InputCoercionException e) {
            throw ProblemException.invalid(field, field + " is out of range.");
        } catch (JsonMappingException e) {
            throw fault(field, e);
        }
    }

    private static <T> void readArray(JsonParser parser, int maxItems, ObjectReader reader, Items<T> items)
            throws IOException {
        JsonStreamContext array = parser.getParsingContext();
        int count = 0;
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            String path = "items[" + count + "]";
            if (++count > maxItems) {
                throw ProblemException.invalid("items", "items must have at most " + maxItems + " elements.");
            }
            if (token != JsonToken.START_OBJECT) {
                parser.skipChildren();
                items.addRefused(ProblemException.invalid(path, path + " must be an object."));
                continue;
            }
            try {
                items.add(reader.readValue(parser));
            } catch (JsonMappingException e) {
                ProblemException problem = fault(path + ".", e);
                if (problem.problem().field() == null) {
                    // The JSON is broken, so nothing can be read after it.
                    throw problem;
                }
                // The mapper has stopped in the middle of the item.
                while (parser.getParsingContext() != array) {
                    parser.nextToken();
                }
                items.addRefused(problem);
            }
        }
    }

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ProblemException fault(String prefix, JsonMappingException e) {
        if (e.getCause() instanceof LeaseBodies.Labels.TooManyException) {
            String labels = field(prefix, e.getPath().subList(0, e.getPath().size() - 1));
            return ProblemException.invalid(labels, labels + " must have at most " + Limits.MAX_LABELS + " entries.");
        }
        String field = field(prefix, e.getPath());
        if (e.getCause() instanceof InputCoercionException) {
            return ProblemException.invalid(field, field + " is out of range.");
        }
        if (e.getCause() instanceof JsonProcessingException cause && !(cause instanceof JsonMappingException)) {
            // The mapper has met broken JSON inside a value.
            return malformed(cause);
        }
        if (e instanceof UnrecognizedPropertyException) {
            return ProblemException.invalid(field, field + " is not a field of this request.");
        }
        if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
            return ProblemException.invalid(field, field + " must be " + describe(mismatch) + ".");
        }
        return ProblemException.invalid(field, field + " is not valid.");
    }

    private static ProblemException malformed(JsonProcessingException e) {
        JsonLocation at = e.getLocation();
        String where = at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
        return malformed("The body is not valid JSON" + where + ".");
    }

    private static ProblemException malformed(String detail) {
        return new ProblemException(Problem.of(ProblemType.MALFORMED_JSON, detail));
    }

    private static String field(String prefix, List<JsonMappingException.Reference> steps) {
        StringBuilder path = new StringBuilder(prefix);
        for (JsonMappingException.Reference step : steps) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() || path.charAt(path.length() - 1) == '.' ? "" : ".")
                        .append(Fields.shown(step.getFieldName()));
            }
        }
        return path.isEmpty() ? "body" : path.toString();
    }

    private static String describe(MismatchedInputException mismatch) {
        JavaType type = MAPPER.constructType(mismatch.getTargetType());
        if (type.hasRawClass(String.class)) {
            return "a string";
        }
        if (type.hasRawClass(Long.class) || type.hasRawClass(long.class)) {
            return "an integer";
        }
        return type.isCollectionLikeType() ? "an array" : "a JSON object";
    }
}
