package io.streamlocks.proof.tokens;

import io.streamlocks.proof.process.SteppedClock;
import io.streamlocks.testkit.rig.PostgresServer;
import io.streamlocks.testkit.rig.PostgresServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/** The clocks of servers, if libfaketime is installed. It is not thread-safe. */
final class Clocks {

    private static final int MOST_SECONDS_BEHIND = 30;

    /**
     * A raise that the database has lost must be longer ago by its clock. This is a condition of docs/operations.md,
     * "Why tokens rise".
     */
    private static final int SECONDS_AFTER_RAISE = 10;

    private final Path folder;
    private final Random random;
    private final boolean canBeStepped;
    private int secondsAhead;

    /**
     * Describes clocks that are right.
     *
     * @param folder the folder of the data, the logs and the files that set the clocks, which the caller deletes
     * @param canBeStepped whether libfaketime is installed
     */
    Clocks(Path folder, Random random, boolean canBeStepped) {
        this.folder = folder;
        this.random = random;
        this.canBeStepped = canBeStepped;
    }

    /** Returns the folder of the data. */
    Path folder() {
        return folder;
    }

    /** Returns a builder of a server. */
    PostgresServerBuilder server(String name) {
        Map<String, String> environment =
                canBeStepped ? SteppedClock.environment(folder.resolve(name + ".clock")) : Map.of();
        return PostgresServer.builder()
                .data(folder.resolve(name))
                .log(folder.resolve(name + ".log"))
                .environment(environment)
                .setting("wal_keep_size", "64MB")
                .setting("max_wal_size", "256MB");
    }

    /** Lets 40 s or more pass for servers that run. */
    void pass(PostgresServer... running) throws IOException {
        secondsAhead += MOST_SECONDS_BEHIND + SECONDS_AFTER_RAISE + random.nextInt(60);
        for (PostgresServer server : running) {
            step(server, secondsAhead);
        }
    }

    /** Sets the clock of a server that has not granted anything: 0 to 30 s behind the others. */
    void setBehind(PostgresServer server) throws IOException {
        step(server, secondsAhead - random.nextInt(MOST_SECONDS_BEHIND + 1));
    }

    private void step(PostgresServer server, int seconds) throws IOException {
        if (canBeStepped) {
            SteppedClock.step(server.data().resolveSibling(server.data().getFileName() + ".clock"), seconds);
        }
    }
}
