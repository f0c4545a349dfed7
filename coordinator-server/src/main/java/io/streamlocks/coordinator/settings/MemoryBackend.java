package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.reload.Reloaded;
import java.util.Optional;
import java.util.function.Function;

/** Leases are kept in this process and end with it. */
public record MemoryBackend() implements Backend {

    @Override
    public <T> T match(Function<MemoryBackend, T> memory, Function<PostgresBackend, T> postgres) {
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
