package io.streamlocks.proof.settings;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of a command, as they were given on the command line: a name that begins with two dashes, and its value.
 * This class is immutable.
 */
public final class Arguments {

    private final Map<String, String> values;

    private Arguments(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Reads arguments.
     *
     * @param args the names and values in turns
     * @param names the names of the command, without dashes
     * @throws IllegalArgumentException if a name is unknown or has no value; the message names it
     */
    public static Arguments of(List<String> args, List<String> names) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < args.size(); i += 2) {
            String name = args.get(i).startsWith("--") ? args.get(i).substring(2) : "";
            if (!names.contains(name)) {
                throw new IllegalArgumentException("Unknown setting: " + args.get(i));
            }
            if (i + 1 == args.size()) {
                throw new IllegalArgumentException("--" + name + " needs a value");
            }
            values.put(name, args.get(i + 1));
        }
        return new Arguments(values);
    }

    /** Returns the value of a setting; empty if it was not given. */
    public Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** Returns the root of the repository: the setting {@code root}, or the working directory. */
    public Path root() {
        return Path.of(text("root").orElse(".")).toAbsolutePath().normalize();
    }

    /**
     * Returns the directory for what the command writes: the setting {@code output}, or a directory of the build.
     *
     * @param name the name of the directory of the build
     */
    public Path output(String name) {
        return text("output")
                .map(Path::of)
                .orElse(root().resolve("coordinator-proof/target").resolve(name))
                .toAbsolutePath();
    }

    /**
     * Returns a setting that is a number.
     *
     * @throws IllegalArgumentException if it is not a whole number from {@code lowest}; the message names the setting
     */
    public int number(String name, int lowest, int fallback) {
        try {
            int number = text(name).map(Integer::parseInt).orElse(fallback);
            if (number >= lowest) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The exception below reports this as well.
        }
        throw new IllegalArgumentException("--" + name + " must be a whole number from " + lowest);
    }
}
