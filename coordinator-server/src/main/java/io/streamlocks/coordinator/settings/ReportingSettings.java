package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.access.UrlHost;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.telemetry.Tracing;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a coordinator logs and where it sends traces.
 *
 * @param logFormat the format of a log line: {@code text} or {@code json}
 * @param traceCollector where traces are sent; empty for no traces
 * @param serviceName the name of the coordinator in the traces
 */
public record ReportingSettings(String logFormat, Optional<URI> traceCollector, String serviceName) {

    static ReportingSettings read(SettingsReader reader) {
        return new ReportingSettings(
                logFormat(reader),
                reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", ReportingSettings::collector),
                reader.text("OTEL_SERVICE_NAME", "stream-lock-coordinator"));
    }

    /**
     * Reads the format of a log line, which the process needs before it reads the other settings.
     *
     * @param environment the variables of the environment
     * @return the format; the default if the setting cannot be used
     */
    public static String logFormat(Map<String, String> environment) {
        return logFormat(new SettingsReader(environment));
    }

    private static String logFormat(SettingsReader reader) {
        return reader.oneOf("LOG_FORMAT", "text", List.of("text", "json"));
    }

    /** Returns new telemetry, which sends traces if a collector is set. Its caller closes it. */
    public Telemetry telemetry() {
        return new Telemetry(traceCollector
                .map(collector -> Tracing.to(collector, serviceName))
                .orElseGet(Tracing::off));
    }

    private static URI collector(String value) {
        try {
            URI uri = new URI(value);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (http && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
                return uri;
            }
            UrlHost.requireNoUnderscore(uri);
        } catch (URISyntaxException e) {
            // This method reports it below, like a URL of another kind.
        }
        throw new IllegalArgumentException(
                "must be the base URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318");
    }
}
