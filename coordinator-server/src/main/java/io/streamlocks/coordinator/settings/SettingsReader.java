package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads variables and collects their problems. This class is for one thread. */
final class SettingsReader {

    /** Kubernetes and Docker describe a Service by variables: a Service named lock adds LOCK_SERVICE_HOST. */
    private static final Pattern OF_A_SERVICE =
            Pattern.compile(".*_SERVICE_(HOST|PORT(_\\w+)?)|.*_PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?");

    private static final Pattern ADDRESS_OF_A_SERVICE = Pattern.compile("(tcp|udp|sctp)://\\S*");

    private final Map<String, String> environment;
    private final Set<String> known = new TreeSet<>();
    private final List<String> problems = new ArrayList<>();

    SettingsReader(Map<String, String> environment) {
        this.environment = environment;
    }

    void problem(String name, String problem) {
        problems.add(name + " " + problem);
    }

    void throwIfAnyProblem() throws InvalidSettingsException {
        if (!problems.isEmpty()) {
            throw new InvalidSettingsException(problems);
        }
    }

    String text(String name, String fallback) {
        known.add(name);
        String value = environment.getOrDefault(name, "").trim();
        return value.isEmpty() || isOfAService(name, value) ? fallback : value;
    }

    /** Returns whether Kubernetes has set the variable: a Service named http adds HTTP_PORT, which is a setting. */
    private static boolean isOfAService(String name, String value) {
        return OF_A_SERVICE.matcher(name).matches()
                || name.endsWith("_PORT") && ADDRESS_OF_A_SERVICE.matcher(value).matches();
    }

    String oneOf(String name, String fallback, List<String> allowed) {
        String value = text(name, fallback);
        if (!allowed.contains(value)) {
            problem(name, "must be one of " + String.join(", ", allowed) + itIs(value));
            return fallback;
        }
        return value;
    }

    int integer(String name, int fallback, int min, int max) {
        String value = text(name, Integer.toString(fallback));
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // This method reports it below, like a number out of range.
        }
        problem(name, "must be an integer from " + min + " to " + max + itIs(value));
        return fallback;
    }

    OptionalInt integerOrNone(String name, int min, int max) {
        return text(name, "").isEmpty() ? OptionalInt.empty() : OptionalInt.of(integer(name, min, min, max));
    }

    Duration millis(String name, int fallback, int min, int max) {
        return Duration.ofMillis(integer(name, fallback, min, max));
    }

    Duration millis(String name, Duration fallback, Duration min, Duration max) {
        return millis(
                name,
                Math.toIntExact(fallback.toMillis()),
                Math.toIntExact(min.toMillis()),
                Math.toIntExact(max.toMillis()));
    }

    Duration durationOrZero(String name, String fallback, Duration min, Duration max) {
        return text(name, fallback).equals("0") ? Duration.ZERO : duration(name, fallback, min, max);
    }

    Duration duration(String name, String fallback, Duration min, Duration max) {
        String value = text(name, fallback);
        Optional<Duration> duration = DurationText.parse(value);
        if (duration.isPresent()
                && duration.get().compareTo(min) >= 0
                && duration.get().compareTo(max) <= 0) {
            return duration.get();
        }
        problem(
                name,
                "must be a number with the unit s, m, h or d, from " + min.toSeconds() + "s to " + max.toDays() + "d"
                        + itIs(value));
        return min;
    }

    /** Returns the file that a setting names; empty if it is not set, or if no file can have that name. */
    Optional<Path> path(String name) {
        String value = text(name, "");
        try {
            return value.isEmpty() ? Optional.empty() : Optional.of(Path.of(value));
        } catch (InvalidPathException e) {
            problem(name, "must be the name of a file");
            return Optional.empty();
        }
    }

    /** Rejects settings that have no effect without a value of another one, with the reason. */
    void useless(String needed, String reason, List<String> names) {
        for (String name : names) {
            if (!text(name, "").isEmpty()) {
                problem(name, "has no effect without " + needed + ": " + reason);
            }
        }
    }

    /** Adds names of settings that this reader does not read. */
    void known(List<String> names) {
        known.addAll(names);
    }

    /**
     * Rejects each variable that has not been read and whose name is meant for a setting. The caller calls this last.
     */
    void rejectUnknown() {
        new TreeMap<>(environment).forEach((name, value) -> {
            if (!known.contains(name) && !value.isBlank() && !isOfAService(name, value)) {
                Misspelling.of(name, value, known).ifPresent(problem -> problem(name, problem));
            }
        });
    }

    /** Rejects a setting that is missing while another one needs it. */
    void needed(String name, String value, String otherName, String other) {
        if (value.isEmpty() && !other.isEmpty()) {
            problem(name, "must be set together with " + otherName);
        }
    }

    /** Rejects a setting that has no effect without another one. */
    void useless(String name, String value, String otherName, String other) {
        if (!value.isEmpty() && other.isEmpty()) {
            problem(name, "has no effect without " + otherName);
        }
    }

    /** Uses what a setting names. */
    interface Use<T> {
        T of() throws UnusableFileException;
    }

    /** Tries what a setting names, to report its problems with all others. Returns empty if there is a problem. */
    <T> Optional<T> usable(String name, Use<T> use) {
        try {
            return Optional.of(use.of());
        } catch (UnusableFileException e) {
            e.problems().forEach(problem -> problem(name, problem));
        } catch (IllegalArgumentException e) {
            problem(name, reason(e));
        }
        return Optional.empty();
    }

    private static String reason(IllegalArgumentException e) {
        return Objects.requireNonNullElse(e.getMessage(), "is not valid");
    }

    /** Returns nothing for a value that may be a URL with a password, in the wrong variable. */
    private static String itIs(String value) {
        return value.matches("[\\w.+-]{1,30}") ? "; it is " + value : "";
    }

    /** Returns a value that may be missing. The problem does not repeat the value, which may contain a password. */
    <T> Optional<T> optional(String name, Function<String, T> parse) {
        return text(name, "").isEmpty() ? Optional.empty() : required(name, parse);
    }

    /**
     * Returns a value that must be set; empty if there is a problem. The problem does not repeat the value, which may
     * contain a password.
     */
    <T> Optional<T> required(String name, Function<String, T> parse) {
        String value = text(name, "");
        if (value.isEmpty()) {
            problem(name, "must be set");
            return Optional.empty();
        }
        try {
            return Optional.of(parse.apply(value));
        } catch (IllegalArgumentException e) {
            problem(name, reason(e));
            return Optional.empty();
        }
    }
}
