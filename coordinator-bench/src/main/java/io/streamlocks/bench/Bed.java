package io.streamlocks.bench;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The environment of all contenders.
 *
 * @param postgres the database
 * @param processes the processes of servers
 * @param directory the directory for the data of servers, which is deleted at the end
 * @param output the directory for logs and results
 * @param coordinatorJar the coordinator to measure
 */
record Bed(Postgres postgres, Processes processes, Path directory, Path output, Path coordinatorJar) {

    /** Returns the jar that a variable of the environment names; empty if it names none. */
    static Optional<Path> jar(String variable) {
        return Optional.of(System.getenv().getOrDefault(variable, ""))
                .filter(jar -> !jar.isEmpty())
                .map(Path::of);
    }
}
