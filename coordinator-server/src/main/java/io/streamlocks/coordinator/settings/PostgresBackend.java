package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.database.DatabaseSettings;
import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.coordinator.database.PasswordFile;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.reload.Reloaded;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Leases are kept in PostgreSQL, which any number of servers share.
 *
 * @param database how the server connects
 */
public record PostgresBackend(DatabaseSettings database) implements Backend {

    static final List<String> NAMES = List.of(
            "DATABASE_URL",
            "DATABASE_PASSWORD_FILE",
            "DATABASE_POOL_SIZE",
            "DATABASE_CONNECTION_TIMEOUT_MS",
            "DATABASE_STATEMENT_TIMEOUT_MS",
            "LOCK_EPOCH_GRACE");

    /**
     * Reads the settings of the database, for a command that needs no others.
     *
     * @param environment the variables of the environment
     * @return the settings of the database
     * @throws InvalidSettingsException if there are problems; its message lists all of them
     */
    public static DatabaseSettings database(Map<String, String> environment) throws InvalidSettingsException {
        SettingsReader reader = new SettingsReader(environment);
        Optional<DatabaseSettings> database = database(reader);
        reader.throwIfAnyProblem();
        return database.orElseThrow();
    }

    static Optional<Backend> read(SettingsReader reader) {
        return database(reader).map(PostgresBackend::new);
    }

    private static Optional<DatabaseSettings> database(SettingsReader reader) {
        Optional<DatabaseUrl> url = reader.required("DATABASE_URL", DatabaseUrl::parse);
        Optional<Reloaded<String>> password = reader.path("DATABASE_PASSWORD_FILE")
                .flatMap(file -> reader.usable("DATABASE_PASSWORD_FILE", () -> PasswordFile.read(file)));
        if (password.isPresent() && url.map(DatabaseUrl::hasPassword).orElse(false)) {
            reader.problem("DATABASE_PASSWORD_FILE", "must not be set with a password in DATABASE_URL");
        }
        int poolSize = reader.integer("DATABASE_POOL_SIZE", 14, 1, 1000);
        // 250 ms is the least that HikariCP takes. The driver rounds the sum of both time-outs up to seconds. By
        // default the sum stays below 3 s, so a call fails within 3 s when the database is away.
        Duration connectionTimeout = reader.millis("DATABASE_CONNECTION_TIMEOUT_MS", 750, 250, 10_000);
        Duration statementTimeout = reader.millis("DATABASE_STATEMENT_TIMEOUT_MS", 1500, 100, 10_000);
        Duration epochGrace = reader.durationOrZero("LOCK_EPOCH_GRACE", "0", Limits.MIN_TTL, Limits.MAX_TTL);
        return url.map(place ->
                new DatabaseSettings(place, password, poolSize, connectionTimeout, statementTimeout, epochGrace));
    }

    @Override
    public <T> T match(Function<MemoryBackend, T> memory, Function<PostgresBackend, T> postgres) {
        return postgres.apply(this);
    }

    @Override
    public String description() {
        return database.url().toString();
    }

    @Override
    public boolean needsSetUp() {
        return true;
    }

    @Override
    public Optional<Reloaded<String>> password() {
        return database.password();
    }
}
