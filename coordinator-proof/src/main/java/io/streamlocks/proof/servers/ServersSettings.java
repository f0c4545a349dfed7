package io.streamlocks.proof.servers;

import io.streamlocks.proof.settings.Arguments;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The settings of a drill. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param root the root of the repository
 * @param output the directory for the output of the processes
 * @param seconds how long servers fail
 */
record ServersSettings(Path root, Path output, Duration seconds) {

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    static ServersSettings of(List<String> args) {
        Arguments arguments = Arguments.of(args, List.of("root", "output", "seconds"));
        return new ServersSettings(
                arguments.root(), arguments.output("servers"), Duration.ofSeconds(arguments.number("seconds", 1, 600)));
    }

    /** Returns the jar of the coordinators under test. */
    Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }
}
