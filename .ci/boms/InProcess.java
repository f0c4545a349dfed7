package boms;

import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.InProcessCoordinator;
import java.net.URL;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/** Uses the coordinator for tests beside the libraries of an application. */
public final class InProcess {

    /** Spring Boot would configure itself or the log by these. */
    private static final List<String> NOT_THERE =
            List.of("db/migration/V1__stream_locks.sql", "logback.xml", "org/flywaydb/core/Flyway.class");

    private InProcess() {}

    public static void main(String[] args) throws Exception {
        for (String resource : NOT_THERE) {
            List<URL> found = Collections.list(InProcess.class.getClassLoader().getResources(resource));
            if (!found.isEmpty()) {
                throw new IllegalStateException("The jar has " + found);
            }
        }
        StreamLockClient client;
        try (InProcessCoordinator coordinator = new InProcessCoordinator()) {
            client = StreamLockClient.builder(coordinator.uri())
                    .ttl(Duration.ofSeconds(60))
                    .heartbeatInterval(Duration.ofMillis(100))
                    .build();
            client.requireReady(Duration.ofSeconds(30));
            HeldLease lease = client.tryAcquire("boot/test").orElseThrow();
            if (client.acquire("boot/test", Duration.ofMillis(100)).isPresent()) {
                throw new IllegalStateException("The stream was granted twice");
            }
            coordinator.advance(Duration.ofSeconds(60));
            while (lease.loss().isEmpty()) {
                Thread.onSpinWait();
            }
            client.acquire("boot/test", Duration.ofSeconds(10)).orElseThrow().close();
        }
        try (client) {
            client.requireReady(Duration.ofSeconds(2));
            throw new IllegalStateException("The coordinator has not stopped");
        } catch (CoordinatorUnavailableException stopped) {
            System.out.println("Tested");
        }
    }
}
