package io.streamlocks.proof.tokens;

import io.streamlocks.proof.settings.Arguments;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * The settings of a drill. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param root the root of the repository
 * @param output the directory for the output of the processes
 * @param failOvers how often a standby is promoted that lacks the latest grants
 * @param restores how often the database is set back to an earlier point
 * @param controls how many of each there are without the rules for tokens
 * @param seed determines what happens, but not the races between processes
 */
record TokenSettings(Path root, Path output, int failOvers, int restores, int controls, int seed) {

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    static TokenSettings of(List<String> args) {
        Arguments arguments =
                Arguments.of(args, List.of("root", "output", "fail-overs", "restores", "controls", "seed"));
        return new TokenSettings(
                arguments.root(),
                arguments.output("tokens"),
                arguments.number("fail-overs", 0, 100),
                arguments.number("restores", 0, 100),
                arguments.number("controls", 0, 5),
                arguments.number("seed", 0, new Random().nextInt(1_000_000)));
    }

    /** Returns the jar of the coordinator under test. */
    Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }
}
