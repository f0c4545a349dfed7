package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads variables and collects what is wrong with them. For one thread. */
final class SettingsReader {

    /** Kubernetes, and Docker before it, describe a Service by variables: one called lock makes LOCK_SERVICE_HOST. */
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

    void throwIfAnyProblem() throws CoordinatorConfig.InvalidException {
        if (!problems.isEmpty()) {
            throw new CoordinatorConfig.InvalidException(problems);
        }
    }

    String text(String name, String fallback) {
        known.add(name);
        String value = environment.getOrDefault(name, "").trim();
        return value.isEmpty() || isOfAService(name, value) ? fallback : value;
    }

    /** Whether Kubernetes has set it: a Service called http makes HTTP_PORT, which is a setting. */
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
            // Reported below, like a number out of range.
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

    Duration durationOrZero(String name, String fallback, Duration min, Duration max) {
        return text(name, fallback).equals("0") ? Duration.ZERO : duration(name, fallback, min, max);
    }

    Duration duration(String name, String fallback, Duration min, Duration max) {
        String value = text(name, fallback);
        Optional<Duration> duration = CoordinatorConfig.parseDuration(value);
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

    /** The file of this name, or empty if there is no name, or none that a file can have. */
    Optional<Path> path(String name) {
        String value = text(name, "");
        try {
            return value.isEmpty() ? Optional.empty() : Optional.of(Path.of(value));
        } catch (InvalidPathException e) {
            problem(name, "must be the name of a file");
            return Optional.empty();
        }
    }

    /** Settings that would do nothing without a value of another one, with the reason. */
    void useless(String needed, String reason, List<String> names) {
        for (String name : names) {
            if (!text(name, "").isEmpty()) {
                problem(name, "is of no use without " + needed + ": " + reason);
            }
        }
    }

    /** Settings that are none the less, whatever they are set to. */
    void ignored(List<String> names) {
        known.addAll(names);
    }

    /** To be called last: each variable that has not been read, and whose name is meant for a setting. */
    void refuseUnknown() {
        new TreeMap<>(environment).forEach((name, value) -> {
            if (!known.contains(name) && !value.isBlank() && !isOfAService(name, value)) {
                Misspelling.of(name, value, known).ifPresent(problem -> problem(name, problem));
            }
        });
    }

    /** A setting that another one needs. */
    void needed(String name, String value, String otherName, String other) {
        if (value.isEmpty() && !other.isEmpty()) {
            problem(name, "must be set with " + otherName);
        }
    }

    /** A setting that would do nothing without another one, and is taken for a mistake then. */
    void useless(String name, String value, String otherName, String other) {
        if (!value.isEmpty() && other.isEmpty()) {
            problem(name, "is of no use without " + otherName);
        }
    }

    interface Use<T> {
        T of() throws UnusableFileException;
    }

    /** Tries what a setting names, so that what is wrong with it is told with all else; empty if something is. */
    <T> Optional<T> usable(String name, Use<T> use) {
        try {
            return Optional.of(use.of());
        } catch (UnusableFileException e) {
            e.problems().forEach(problem -> problem(name, problem));
        } catch (IllegalArgumentException e) {
            problem(name, e.getMessage());
        }
        return Optional.empty();
    }

    /** Empty for what may be a URL with a password, in the wrong variable. */
    private static String itIs(String value) {
        return value.matches("[\\w.+-]{1,30}") ? "; it is " + value : "";
    }

    /** A value that need not be there. The problem does not repeat it, since it may hold a password. */
    <T> Optional<T> optional(String name, Function<String, T> parse) {
        return text(name, "").isEmpty() ? Optional.empty() : Optional.ofNullable(required(name, parse));
    }

    /** A value that must be there. The problem does not repeat it, since it may hold a password. */
    <T> T required(String name, Function<String, T> parse) {
        String value = text(name, "");
        if (value.isEmpty()) {
            problem(name, "must be set");
            return null;
        }
        try {
            return parse.apply(value);
        } catch (IllegalArgumentException e) {
            problem(name, e.getMessage());
            return null;
        }
    }
}
