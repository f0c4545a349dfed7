package io.streamlocks.proof.leaks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of a drill. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param root the root of the repository
 * @param output the directory for the output of the processes
 * @param seconds the length of the drill
 */
record LeakSettings(Path root, Path output, Duration seconds) {

    private static final List<String> NAMES = List.of("root", "output", "seconds");

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    static LeakSettings of(List<String> args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < args.size(); i += 2) {
            String name = args.get(i).startsWith("--") ? args.get(i).substring(2) : "";
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("Unknown setting: " + args.get(i));
            }
            if (i + 1 == args.size()) {
                throw new IllegalArgumentException("--" + name + " needs a value");
            }
            values.put(name, args.get(i + 1));
        }
        Path root = Path.of(values.getOrDefault("root", ".")).toAbsolutePath().normalize();
        return new LeakSettings(
                root,
                Path.of(values.getOrDefault("output", root + "/coordinator-proof/target/leaks"))
                        .toAbsolutePath(),
                Duration.ofSeconds(seconds(values.getOrDefault("seconds", "600"))));
    }

    private static long seconds(String value) {
        try {
            long seconds = Long.parseLong(value);
            if (seconds > 0) {
                return seconds;
            }
        } catch (NumberFormatException e) {
            // The exception below reports this as well.
        }
        throw new IllegalArgumentException("--seconds must be a whole number above 0");
    }

    /** Returns the jar of the coordinator under test. */
    Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }
}
