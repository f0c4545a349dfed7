package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.database.DatabaseSettings;
import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.coordinator.database.PasswordFile;
import io.streamlocks.coordinator.reload.Reloaded;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Names where leases are kept. */
public sealed interface Backend {

    /** The values of {@code LOCK_BACKEND}. */
    List<String> VALUES = List.of("memory", "postgres");

    /**
     * Returns what the function of this backend returns. A new backend adds a parameter, so no caller can forget it.
     *
     * @param memory for the memory backend
     * @param postgres for the PostgreSQL backend
     */
    <T> T match(Function<Memory, T> memory, Function<Postgres, T> postgres);

    /** Returns a short description for the operator. It contains no credentials. */
    String description();

    /** Returns whether the server sets up the backend before it is ready. */
    boolean needsSetUp();

    /** Returns the password of the backend, if a file contains it. The caller reloads it. */
    Optional<Reloaded<String>> password();

    /** Leases are kept in this process and end with it. */
    record Memory() implements Backend {

        @Override
        public <T> T match(Function<Memory, T> memory, Function<Postgres, T> postgres) {
            return memory.apply(this);
        }

        @Override
        public String description() {
            return "memory (leases end with this process)";
        }

        @Override
        public boolean needsSetUp() {
            return false;
        }

        @Override
        public Optional<Reloaded<String>> password() {
            return Optional.empty();
        }
    }

    /**
     * Leases are kept in PostgreSQL, which any number of servers share.
     *
     * @param database how the server connects
     */
    record Postgres(DatabaseSettings database) implements Backend {

        private static final List<String> NAMES = List.of(
                "DATABASE_URL",
                "DATABASE_PASSWORD_FILE",
                "DATABASE_POOL_SIZE",
                "DATABASE_CONNECTION_TIMEOUT_MS",
                "DATABASE_STATEMENT_TIMEOUT_MS");

        private static Optional<Backend> read(SettingsReader reader) {
            Optional<DatabaseUrl> url = reader.required("DATABASE_URL", DatabaseUrl::parse);
            Optional<Reloaded<String>> password = reader.path("DATABASE_PASSWORD_FILE")
                    .flatMap(file -> reader.usable("DATABASE_PASSWORD_FILE", () -> PasswordFile.read(file)));
            if (password.isPresent() && url.map(DatabaseUrl::hasPassword).orElse(false)) {
                reader.problem("DATABASE_PASSWORD_FILE", "must not be set with a password in DATABASE_URL");
            }
            int poolSize = reader.integer("DATABASE_POOL_SIZE", 12, 1, 1000);
            // 250 ms is the least that HikariCP takes. The driver rounds the sum of both time-outs up to seconds. By
            // default the sum stays below 3 s, so a call fails within 3 s when the database is away.
            Duration connectionTimeout = reader.millis("DATABASE_CONNECTION_TIMEOUT_MS", 750, 250, 10_000);
            Duration statementTimeout = reader.millis("DATABASE_STATEMENT_TIMEOUT_MS", 1500, 100, 10_000);
            return url.<Backend>map(place ->
                    new Postgres(new DatabaseSettings(place, password, poolSize, connectionTimeout, statementTimeout)));
        }

        @Override
        public <T> T match(Function<Memory, T> memory, Function<Postgres, T> postgres) {
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

    /** Reads the backend and its settings. Returns empty if there is a problem. */
    static Optional<Backend> read(SettingsReader reader) {
        String backend = reader.oneOf("LOCK_BACKEND", "memory", VALUES);
        if (backend.equals("postgres")) {
            return Postgres.read(reader);
        }
        reader.known(Postgres.NAMES);
        if (reader.text("LOCK_BACKEND", "memory").equals("memory")) {
            // A server without LOCK_BACKEND would grant streams that another server has granted already.
            reader.useless(
                    "LOCK_BACKEND=postgres",
                    "leases would be kept in memory, where no other server sees them",
                    Postgres.NAMES);
        }
        return Optional.of(new Memory());
    }
}
