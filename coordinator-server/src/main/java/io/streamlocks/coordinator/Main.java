package io.streamlocks.coordinator;

import io.streamlocks.coordinator.command.Commands;
import io.streamlocks.coordinator.log.OutOfMemoryExit;
import io.streamlocks.coordinator.settings.InvalidSettingsException;
import io.streamlocks.coordinator.settings.ReportingSettings;
import io.streamlocks.coordinator.settings.Settings;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Runs a coordinator with the settings of the environment until it receives SIGTERM or SIGINT. With arguments, it runs
 * one of the {@link Commands} instead.
 */
public final class Main {

    private Main() {}

    /**
     * Starts the coordinator. The process exits with 1 if the settings are not valid or the port is taken, with 0 after
     * a signal, and with 3 when memory has run out.
     *
     * @param args none, or those of {@link Commands}
     */
    public static void main(String[] args) throws InterruptedException {
        // Each thread would keep a buffer outside of the heap, as large as the largest that it ever wrote. The JVM
        // reads this property once, at the first connection.
        System.setProperty("jdk.nio.maxCachedBufferSize", "65536");
        // The JDBC driver sends the time zone at each login. PostgreSQL does not have all zones of Java, such as CTT.
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
        setUpLogs(ReportingSettings.logFormat(System.getenv()));
        if (args.length > 0) {
            System.exit(Commands.run(List.of(args), System.getenv(), System.out, System.err));
        }
        OutOfMemoryExit.install();
        Settings settings;
        try {
            settings = Settings.from(System.getenv());
        } catch (InvalidSettingsException e) {
            System.err.println("The settings are not valid:");
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        Coordinator coordinator;
        try {
            coordinator = new Coordinator(settings);
        } catch (RuntimeException e) {
            System.err.println(cannotListen(settings, e));
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(coordinator), "stop"));

        String name = settings.listening().host();
        String host = name.contains(":") ? "[" + name + "]" : name;
        String url = (settings.tls().isPresent() ? "https://" : "http://") + host + ":" + coordinator.port();
        coordinator
                .managementPort()
                .ifPresent(port -> System.out.println("Probes and metrics are at http://" + host + ":" + port));
        if (settings.backend().needsSetUp()) {
            System.out.println("Setting up " + settings.backend().description());
        }
        coordinator.ready().thenRun(() -> System.out.println(welcome(settings, url)));
        new CountDownLatch(1).await();
    }

    /**
     * Sets the format of log lines. This must come before the first logger, and so before the files of the settings are
     * read: the first logger reads {@code logback.xml}, which includes the configuration of one format.
     */
    private static void setUpLogs(String format) {
        System.setProperty("streamlocks.log.format", format);
        // The trace exporter and the JDBC driver use java.util.logging, which would write a format of its own.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    private static void stop(Coordinator coordinator) {
        int status = 0;
        try {
            coordinator.close();
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(Main.class).error("Failed to stop in an orderly way", e);
            status = 1;
        }
        // After a signal the JVM would exit with 128 plus the number of the signal, even after an orderly stop.
        Runtime.getRuntime().halt(status);
    }

    private static String cannotListen(Settings settings, RuntimeException e) {
        List<String> reasons = new ArrayList<>();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            reasons.add(String.valueOf(cause.getMessage()));
        }
        int managementPort = settings.listening().managementPort().orElse(0);
        boolean isManagement =
                managementPort != 0 && reasons.stream().anyMatch(reason -> reason.endsWith(":" + managementPort));
        String setting = isManagement ? "MANAGEMENT_PORT" : "HTTP_PORT";
        String reason = reasons.get(reasons.size() - 1);
        // Other failures of the start have nothing to do with the port.
        String advice = reason.contains("in use")
                ? ". Set " + setting + " to a port that is free, or stop the process that uses this one"
                : "";
        return "Cannot listen on " + settings.listening().host() + ":"
                + (isManagement ? managementPort : settings.listening().port()) + ": " + reason + advice;
    }

    private static String welcome(Settings settings, String url) {
        String token = settings.access().isControlled() ? " -H \"Authorization: Bearer $TOKEN\"" : "";
        return String.format(Locale.ROOT, """
                Stream Lock Coordinator is ready at %s
                Backend: %s
                Try:
                  curl%s -X POST %s/v1/locks/demo/acquire -H 'Content-Type: application/json' -d '{"ownerId":"me"}'
                  curl%s %s/v1/locks
                  curl %s/openapi.yaml""", url, settings.backend().description(), token, url, token, url, url);
    }
}
