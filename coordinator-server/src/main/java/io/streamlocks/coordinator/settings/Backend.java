package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.reload.Reloaded;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Names where leases are kept. */
public sealed interface Backend permits MemoryBackend, PostgresBackend {

    /** The values of {@code LOCK_BACKEND}. */
    List<String> VALUES = List.of("memory", "postgres");

    /**
     * Returns what the function of this backend returns. A new backend adds a parameter, so no caller can forget it.
     *
     * @param memory for the memory backend
     * @param postgres for the PostgreSQL backend
     */
    <T> T match(Function<MemoryBackend, T> memory, Function<PostgresBackend, T> postgres);

    /** Returns a short description for the operator. It contains no credentials. */
    String description();

    /** Returns whether the server sets up the backend before it is ready. */
    boolean needsSetUp();

    /** Returns the password of the backend, if a file contains it. The caller reloads it. */
    Optional<Reloaded<String>> password();

    /** Reads the backend and its settings. Returns empty if there is a problem. */
    static Optional<Backend> read(SettingsReader reader) {
        String backend = reader.oneOf("LOCK_BACKEND", "memory", VALUES);
        if (backend.equals("postgres")) {
            return PostgresBackend.read(reader);
        }
        reader.known(PostgresBackend.NAMES);
        if (reader.text("LOCK_BACKEND", "memory").equals("memory")) {
            // A server without LOCK_BACKEND would grant streams that another server has granted already.
            reader.useless(
                    "LOCK_BACKEND=postgres",
                    "leases would be kept in memory, where no other server sees them",
                    PostgresBackend.NAMES);
        }
        return Optional.of(new MemoryBackend());
    }
}
