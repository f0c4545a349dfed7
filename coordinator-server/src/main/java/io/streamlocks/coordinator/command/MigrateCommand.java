package io.streamlocks.coordinator.command;

import io.streamlocks.coordinator.database.DatabaseSettings;
import io.streamlocks.coordinator.database.SchemaSetUp;
import io.streamlocks.coordinator.settings.InvalidSettingsException;
import io.streamlocks.coordinator.settings.PostgresBackend;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;

/** Migrates the schema, so that the role of the servers needs no right to do so. */
final class MigrateCommand {

    /** A migration gives way to calls and to other migrations, and has to be tried again. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private MigrateCommand() {}

    /**
     * Migrates. Blocks for as long as that takes, and tries again for a minute while other sessions have tables locked.
     *
     * @param environment the variables of the environment
     * @param out receives the version of the schema
     * @param err receives the reason of a failure
     * @return the exit code: 0 if the schema is up to date or newer, or 1
     */
    static int run(Map<String, String> environment, PrintStream out, PrintStream err) {
        DatabaseSettings database;
        try {
            database = PostgresBackend.database(environment);
        } catch (InvalidSettingsException e) {
            err.println("The settings are not valid:");
            err.println(e.getMessage());
            return 1;
        }
        SchemaSetUp setUp = new SchemaSetUp(database);
        try {
            out.println("PostgreSQL at " + database.url() + ": " + setUp.migrateWithin(PATIENCE));
            return 0;
        } catch (RuntimeException e) {
            err.println("PostgreSQL at " + database.url() + " cannot be migrated: " + setUp.explain(e));
            return 1;
        }
    }
}
