package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The rules for the fields of a request. Each check returns the value as the protocol has it, or throws a {@link
 * ProblemException} that names the field.
 *
 * @param defaultTtl the ttl of an acquire that names none
 * @param maxTtl the longest that may be asked for
 */
record Fields(Duration defaultTtl, Duration maxTtl) {

    private static final int MAX_ID_LENGTH = 255;
    private static final int MAX_LABEL_NAME_LENGTH = 63;
    private static final int MAX_SHOWN_LENGTH = 64;
    private static final long MAX_FENCING_TOKEN = (1L << 53) - 1;
    private static final long MIN_TTL_MS = 1000;

    /** {@link UUID#fromString} takes "1-1-1-1-1" for one. */
    private static final Pattern UUID_FORM =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    /** A stream id, an owner id, or the beginning of one. */
    static String id(String field, String value) {
        required(field, value);
        if (value.isEmpty()) {
            throw ProblemException.invalid(field, field + " must not be empty.");
        }
        printable(field, value);
        return value;
    }

    private static void printable(String field, String value) {
        if (value.codePointCount(0, value.length()) > MAX_ID_LENGTH) {
            throw ProblemException.invalid(field, field + " must have at most " + MAX_ID_LENGTH + " characters.");
        }
        value.codePoints().filter(Fields::isRefused).findFirst().ifPresent(character -> {
            throw ProblemException.invalid(
                    field, String.format(Locale.ROOT, "%s must not hold the character U+%04X.", field, character));
        });
    }

    static UUID leaseId(String field, String value) {
        required(field, value);
        if (!UUID_FORM.matcher(value).matches()) {
            throw ProblemException.invalid(field, field + " must be a UUID like 5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10.");
        }
        return UUID.fromString(value);
    }

    static UUID leaseIdOrNew(String field, String value) {
        return value == null ? UUID.randomUUID() : leaseId(field, value);
    }

    /** The reason of a break: printable, like an id. */
    static String reason(String field, String value) {
        return id(field, value);
    }

    static Optional<Long> fencingToken(String field, Long value) {
        if (value != null && (value < 1 || value > MAX_FENCING_TOKEN)) {
            throw ProblemException.invalid(field, field + " must be from 1 to " + MAX_FENCING_TOKEN + ".");
        }
        return Optional.ofNullable(value);
    }

    static Duration delay(String field, Long value) {
        if (value == null) {
            return Duration.ZERO;
        }
        if (value < 0 || value > Limits.MAX_BREAK_DELAY.toMillis()) {
            throw ProblemException.invalid(
                    field, field + " must be from 0 to " + Limits.MAX_BREAK_DELAY.toMillis() + ".");
        }
        return Duration.ofMillis(value);
    }

    static Map<String, String> labels(String field, Map<String, String> labels) {
        if (labels == null || labels.isEmpty()) {
            return Map.of();
        }
        labels.forEach((name, value) -> {
            String entry = field + "." + shown(name);
            if (name.isEmpty() || name.codePointCount(0, name.length()) > MAX_LABEL_NAME_LENGTH) {
                throw ProblemException.invalid(
                        entry, "The name of a label must have 1 to " + MAX_LABEL_NAME_LENGTH + " characters.");
            }
            printable(entry, name);
            required(entry, value);
            printable(entry, value);
        });
        return labels;
    }

    Duration ttlOrDefault(String field, Long value) {
        return ttl(field, value).orElse(defaultTtl);
    }

    Optional<Duration> ttl(String field, Long value) {
        if (value == null) {
            return Optional.empty();
        }
        if (value < MIN_TTL_MS || value > maxTtl.toMillis()) {
            throw ProblemException.invalid(
                    field, field + " must be from " + MIN_TTL_MS + " to " + maxTtl.toMillis() + ".");
        }
        return Optional.of(Duration.ofMillis(value));
    }

    /** A name that the caller made up, as it may be repeated to him: not by the megabyte. */
    static String shown(String name) {
        // Not in the middle of a character that is two: half of one cannot be written.
        return name.codePointCount(0, name.length()) <= MAX_SHOWN_LENGTH
                ? name
                : name.substring(0, name.offsetByCodePoints(0, MAX_SHOWN_LENGTH)) + "...";
    }

    private static void required(String field, String value) {
        if (value == null) {
            throw ProblemException.invalid(field, field + " is missing.");
        }
    }

    /** What no log line or terminal could show, and what is no character at all. Emoji joiners stay. */
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
