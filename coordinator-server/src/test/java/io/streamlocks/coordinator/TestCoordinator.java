package io.streamlocks.coordinator;

import io.streamlocks.coordinator.settings.InvalidSettingsException;
import io.streamlocks.coordinator.settings.Settings;
import java.util.HashMap;
import java.util.Map;

/** Starts coordinators in this JVM, on a free port and without a drain time. */
final class TestCoordinator {

    private TestCoordinator() {}

    /** Returns a coordinator that may not be ready yet. */
    static Coordinator onPostgres(String url) throws InvalidSettingsException {
        return onPostgres(url, Map.of());
    }

    /** Returns a coordinator with more settings, which may not be ready yet. */
    static Coordinator onPostgres(String url, Map<String, String> more) throws InvalidSettingsException {
        Map<String, String> environment = new HashMap<>(
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", url, "HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "0"));
        environment.putAll(more);
        return new Coordinator(Settings.from(environment));
    }
}
