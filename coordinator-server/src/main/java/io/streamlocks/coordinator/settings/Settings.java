package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.http.Guards;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * The settings of a coordinator, as one record for each consumer.
 *
 * @param listening where the server listens, and for whom
 * @param leases the length of leases, and how long the coordinator remembers them
 * @param drainTime how long a stopping server still takes all calls
 * @param backend where leases are kept
 * @param access who may do what
 * @param tls the files of the certificate; empty for plain HTTP
 * @param limits what a caller and an owner may use
 * @param reporting how the server logs and where it sends traces
 */
public record Settings(
        Listening listening,
        LeaseSettings leases,
        Duration drainTime,
        Backend backend,
        AccessSettings access,
        Optional<TlsSettings> tls,
        CallerLimits limits,
        ReportingSettings reporting) {

    /**
     * Reads the settings. An empty variable counts as not set. A setting without effect is a problem, too: it lacks
     * another setting that it needs, or its name is misspelt.
     *
     * <p>This method reads the files that the settings name and resolves {@code HTTP_HOST}. It opens no connection.
     *
     * @param environment the variables of the environment
     * @return the settings
     * @throws InvalidSettingsException if there are problems; its message lists all of them
     */
    public static Settings from(Map<String, String> environment) throws InvalidSettingsException {
        SettingsReader reader = new SettingsReader(environment);
        String host = reader.text("HTTP_HOST", "127.0.0.1");
        AccessSettings access = AccessSettings.read(reader, host);
        Listening listening = listening(reader, host, access);
        LeaseSettings leases = LeaseSettings.read(reader);
        // Docker kills a container after 10 s. The default leaves room for the second without grants, and for the time
        // of 5 s in which calls finish.
        Duration drainTime = reader.millis("SHUTDOWN_DRAIN_MS", 3000, 0, 60_000);
        Optional<Backend> backend = Backend.read(reader);
        Optional<TlsSettings> tls = TlsSettings.read(reader);
        CallerLimits limits = CallerLimits.read(reader);
        ReportingSettings reporting = ReportingSettings.read(reader);
        reader.rejectUnknown();
        reader.throwIfAnyProblem();
        return new Settings(listening, leases, drainTime, backend.orElseThrow(), access, tls, limits, reporting);
    }

    private static Listening listening(SettingsReader reader, String host, AccessSettings access) {
        int port = reader.integer("HTTP_PORT", 8080, 0, 65_535);
        OptionalInt managementPort = reader.integerOrNone("MANAGEMENT_PORT", 0, 65_535);
        if (port != 0 && managementPort.equals(OptionalInt.of(port))) {
            reader.problem("MANAGEMENT_PORT", "must not be HTTP_PORT");
        }
        return new Listening(
                host,
                port,
                managementPort,
                reader.integer("HTTP_MAX_CONNECTIONS_PER_ADDRESS", Listening.CONNECTIONS_PER_ADDRESS, 1, 10_000),
                reader.millis(
                        "HTTP_IDLE_TIMEOUT_MS", Math.toIntExact(Listening.IDLE_TIMEOUT.toMillis()), 5000, 600_000),
                reader.integer("HTTP_MAX_HEAD_BYTES", Listening.MAX_HEAD_BYTES, 8192, 32_768),
                access.isForLoopback());
    }

    /**
     * Reads the files of the settings again, because they may have changed since the settings were validated.
     *
     * @param census counts the live leases by owner
     * @return the checks that protect the server
     * @throws IllegalStateException if a file can no longer be used
     */
    public Guards guards(Supplier<Map<String, Long>> census) {
        try {
            return new Guards(
                    access.authenticator(),
                    limits.rateLimit(),
                    limits.ownerCap(census),
                    limits.maxWaitersOfOwner(),
                    tls.isPresent() ? Optional.of(tls.get().keyStore()) : Optional.empty());
        } catch (UnusableFileException e) {
            throw new IllegalStateException("A file of the settings has changed: " + e.getMessage(), e);
        }
    }
}
