package io.streamlocks.testkit.rig;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An empty, initialized data directory and the programs of the embedded PostgreSQL. The first server of a JVM makes it,
 * and the JVM deletes it when it exits.
 */
record PostgresTemplate(Path programs, Path data) {

    private static @Nullable PostgresTemplate made;

    /**
     * Returns the template. The first call blocks for about a second, or for longer if the programs are not unpacked
     * yet.
     */
    static synchronized PostgresTemplate get() throws IOException {
        if (made == null) {
            made = make();
        }
        return made;
    }

    /**
     * The library chooses a free port, and another JVM of the tests can take it first. The library then takes the
     * server of that JVM for its own. That server ends soon, so this method tries again.
     */
    private static PostgresTemplate make() throws IOException {
        for (int tries = 1; ; tries++) {
            Path data = Files.createTempDirectory("postgres-template");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteQuietly(data)));
            try {
                return new PostgresTemplate(initialize(data), data);
            } catch (IOException e) {
                if (tries == 3) {
                    throw e;
                }
            }
        }
    }

    /** The library unpacks the programs, and initializes the data before it starts a server. That is all we use. */
    private static Path initialize(Path data) throws IOException {
        try (EmbeddedPostgres server = EmbeddedPostgres.builder()
                        // The default limit of 10 s is too short for a busy machine.
                        .setPGStartupWait(Duration.ofMinutes(1))
                        .setDataDirectory(data)
                        .setCleanDataDirectory(false)
                        .setRegisterShutdownHook(false)
                        .start();
                Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT setting FROM pg_config WHERE name = 'BINDIR'")) {
            result.next();
            return Path.of(result.getString(1));
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    private static void deleteQuietly(Path data) {
        try {
            Folders.delete(data);
        } catch (IOException e) {
            // The rest stays in the machine's folder for temporary files.
        }
    }
}
