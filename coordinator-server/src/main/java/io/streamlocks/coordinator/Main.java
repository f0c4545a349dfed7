package io.streamlocks.coordinator;

import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Runs a coordinator with the settings of the environment until it is told to stop (SIGTERM or SIGINT); or, told so by
 * its arguments, makes a token or tells its version.
 */
public final class Main {

    private Main() {}

    /**
     * Starts the coordinator. Exits with 1 if the settings are wrong or the port is taken, with 0 when told to stop, and
     * with 3 when memory has run out.
     *
     * @param args none, or those of {@link TokenCommand}
     */
    public static void main(String[] args) throws InterruptedException {
        if (args.length > 0) {
            System.exit(TokenCommand.run(List.of(args), System.out, System.err));
        }
        // Else each thread keeps a buffer outside of the heap, as large as the largest that it ever wrote. The first
        // connection reads this, once.
        System.setProperty("jdk.nio.maxCachedBufferSize", "65536");
        // The JDBC driver sends the zone at each login, and PostgreSQL does not know all that Java knows, as CTT.
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
        setUpLogs(CoordinatorConfig.logFormat(System.getenv()));
        OutOfMemoryExit.install();
        CoordinatorConfig config;
        try {
            config = CoordinatorConfig.from(System.getenv());
        } catch (CoordinatorConfig.InvalidException e) {
            System.err.println("The settings are not valid:");
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        Coordinator coordinator;
        try {
            coordinator = new Coordinator(config);
        } catch (RuntimeException e) {
            System.err.println(cannotListen(config, e));
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(coordinator), "stop"));

        String host = config.httpHost().contains(":") ? "[" + config.httpHost() + "]" : config.httpHost();
        String url = (config.tls().isPresent() ? "https://" : "http://") + host + ":" + coordinator.port();
        coordinator
                .managementPort()
                .ifPresent(port -> System.out.println("Probes and metrics are at http://" + host + ":" + port));
        config.database().ifPresent(database -> System.out.println("Setting up " + database.url()));
        coordinator.ready().thenRun(() -> System.out.println(welcome(config, url)));
        new CountDownLatch(1).await();
    }

    /**
     * Must come before the first logger, and so before the settings' files are read: with it {@code logback.xml} is, which
     * includes the one form or the other.
     */
    private static void setUpLogs(String format) {
        System.setProperty("streamlocks.log.format", format);
        // The exporter of traces and the JDBC driver log by java.util.logging, which would write a form of its own.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    private static void stop(Coordinator coordinator) {
        int status = 0;
        try {
            coordinator.close();
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(Main.class).error("Failed to stop in good order", e);
            status = 1;
        }
        // A JVM that a signal ends exits with 128 + the signal's number, even if it has stopped in good order.
        Runtime.getRuntime().halt(status);
    }

    private static String cannotListen(CoordinatorConfig config, RuntimeException e) {
        List<String> reasons = new ArrayList<>();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            reasons.add(String.valueOf(cause.getMessage()));
        }
        int managementPort = config.managementPort().orElse(0);
        boolean isManagement =
                managementPort != 0 && reasons.stream().anyMatch(reason -> reason.endsWith(":" + managementPort));
        String setting = isManagement ? "MANAGEMENT_PORT" : "HTTP_PORT";
        String reason = reasons.get(reasons.size() - 1);
        // Other failures at the start have nothing to do with the port.
        String advice = reason.contains("in use")
                ? ". Set " + setting + " to a port that is free, or stop the process that has this one"
                : "";
        return "Cannot listen on " + config.httpHost() + ":" + (isManagement ? managementPort : config.httpPort())
                + ": " + reason + advice;
    }

    private static String welcome(CoordinatorConfig config, String url) {
        String backend = config.database()
                .map(database -> database.url().toString())
                .orElse("memory (leases end with this process)");
        String token = config.access().isControlled() ? " -H \"Authorization: Bearer $TOKEN\"" : "";
        return String.format(Locale.ROOT, """
                Stream Lock Coordinator is ready at %s
                Backend: %s
                Try:
                  curl%s -X POST %s/v1/locks/demo/acquire -H 'Content-Type: application/json' -d '{"ownerId":"me"}'
                  curl%s %s/v1/locks
                  curl %s/openapi.yaml""", url, backend, token, url, token, url, url);
    }
}
