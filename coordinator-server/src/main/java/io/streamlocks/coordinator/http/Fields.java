package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks the fields of a request. Each check returns the value in the form of the protocol, or throws a {@link
 * ProblemException} that names the field.
 *
 * @param defaultTtl the ttl of an acquire that names none
 * @param maxTtl the longest ttl that a caller may ask for
 */
record Fields(Duration defaultTtl, Duration maxTtl) {

    private static final int MAX_SHOWN_LENGTH = 64;

    /** {@link UUID#fromString} accepts "1-1-1-1-1" as well. */
    private static final Pattern UUID_FORM =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    /** Checks a stream id, an owner id, or the beginning of one. */
    static String id(String field, @Nullable String value) {
        String id = required(field, value);
        if (id.isEmpty()) {
            throw ProblemException.invalid(field, field + " must not be empty.");
        }
        printable(field, id, Limits.MAX_ID_LENGTH);
        return id;
    }

    private static void printable(String field, String value, int maxLength) {
        if (value.codePointCount(0, value.length()) > maxLength) {
            throw ProblemException.invalid(field, field + " must have at most " + maxLength + " characters.");
        }
        value.codePoints().filter(Fields::isRefused).findFirst().ifPresent(character -> {
            throw ProblemException.invalid(
                    field, String.format(Locale.ROOT, "%s must not contain the character U+%04X.", field, character));
        });
    }

    static UUID leaseId(String field, @Nullable String value) {
        String id = required(field, value);
        if (!UUID_FORM.matcher(id).matches()) {
            throw ProblemException.invalid(
                    field, field + " must be a UUID such as 5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10.");
        }
        return UUID.fromString(id);
    }

    static UUID leaseIdOrNew(String field, @Nullable String value) {
        return value == null ? UUID.randomUUID() : leaseId(field, value);
    }

    /** Checks the reason of a break, which must be printable like an id. */
    static String reason(String field, @Nullable String value) {
        return id(field, value);
    }

    static Optional<Long> fencingToken(String field, @Nullable Long value) {
        if (value != null && (value < 1 || value > Limits.MAX_FENCING_TOKEN)) {
            throw ProblemException.invalid(field, field + " must be from 1 to " + Limits.MAX_FENCING_TOKEN + ".");
        }
        return Optional.ofNullable(value);
    }

    static Duration delay(String field, @Nullable Long value) {
        if (value == null) {
            return Duration.ZERO;
        }
        if (value < 0 || value > Limits.MAX_BREAK_DELAY.toMillis()) {
            throw ProblemException.invalid(
                    field, field + " must be from 0 to " + Limits.MAX_BREAK_DELAY.toMillis() + ".");
        }
        return Duration.ofMillis(value);
    }

    /** Checks how long an acquire waits. */
    static Duration wait(String field, @Nullable Long value) {
        if (value == null) {
            return Duration.ZERO;
        }
        if (value < 0 || value > Limits.MAX_WAIT.toMillis()) {
            throw ProblemException.invalid(field, field + " must be from 0 to " + Limits.MAX_WAIT.toMillis() + ".");
        }
        return Duration.ofMillis(value);
    }

    /** Checks a number of streams. */
    static int streamCount(String field, @Nullable Long value) {
        return streamCountOrNone(field, required(field, value)).getAsInt();
    }

    static OptionalInt streamCountOrNone(String field, @Nullable Long value) {
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value < 0 || value > Limits.MAX_GROUP_STREAMS) {
            throw ProblemException.invalid(field, field + " must be from 0 to " + Limits.MAX_GROUP_STREAMS + ".");
        }
        return OptionalInt.of(value.intValue());
    }

    static Map<String, String> labels(String field, @Nullable Map<String, String> labels) {
        if (labels == null || labels.isEmpty()) {
            return Map.of();
        }
        labels.forEach((name, value) -> {
            String entry = field + "." + shown(name);
            if (name.isEmpty() || name.codePointCount(0, name.length()) > Limits.MAX_LABEL_NAME_LENGTH) {
                throw ProblemException.invalid(
                        entry, "The name of a label must have 1 to " + Limits.MAX_LABEL_NAME_LENGTH + " characters.");
            }
            printable(entry, name, Limits.MAX_LABEL_NAME_LENGTH);
            printable(entry, required(entry, value), Limits.MAX_LABEL_VALUE_LENGTH);
        });
        return labels;
    }

    Duration ttlOrDefault(String field, @Nullable Long value) {
        return ttl(field, value).orElse(defaultTtl);
    }

    Optional<Duration> ttl(String field, @Nullable Long value) {
        if (value == null) {
            return Optional.empty();
        }
        long minMillis = Limits.MIN_TTL.toMillis();
        if (value < minMillis || value > maxTtl.toMillis()) {
            throw ProblemException.invalid(
                    field, field + " must be from " + minMillis + " to " + maxTtl.toMillis() + ".");
        }
        return Optional.of(Duration.ofMillis(value));
    }

    /** Returns a name that the caller made up in a length that a response can contain. */
    static String shown(String name) {
        // A character may be two chars, and half of one cannot be written.
        return name.codePointCount(0, name.length()) <= MAX_SHOWN_LENGTH
                ? name
                : name.substring(0, name.offsetByCodePoints(0, MAX_SHOWN_LENGTH)) + "...";
    }

    private static <T> T required(String field, @Nullable T value) {
        if (value == null) {
            throw ProblemException.invalid(field, field + " is missing.");
        }
        return value;
    }

    /** Returns whether no log line or terminal could show a code point. Emoji joiners are accepted. */
    private static boolean isRefused(int codePoint) {
        int type = Character.getType(codePoint);
        boolean nonCharacter = (codePoint & 0xFFFE) == 0xFFFE || (codePoint >= 0xFDD0 && codePoint <= 0xFDEF);
        return nonCharacter
                || type == Character.CONTROL
                || type == Character.SURROGATE
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
