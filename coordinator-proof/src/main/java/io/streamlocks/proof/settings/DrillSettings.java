package io.streamlocks.proof.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The settings of a drill. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param root the root of the repository
 * @param output the directory for the output of the processes
 * @param seconds the length of the drill
 */
public record DrillSettings(Path root, Path output, Duration seconds) {

    /**
     * Reads arguments.
     *
     * @param drill the name of the drill, and of its directory of the build
     * @param args the arguments
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    public static DrillSettings of(String drill, List<String> args) {
        Arguments arguments = Arguments.of(args, List.of("root", "output", "seconds"));
        return new DrillSettings(
                arguments.root(), arguments.output(drill), Duration.ofSeconds(arguments.number("seconds", 1, 600)));
    }

    /** Returns the jar of the coordinator under test. */
    public Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }
}
