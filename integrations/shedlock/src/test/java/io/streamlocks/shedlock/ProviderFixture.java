package io.streamlocks.shedlock;

import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** Two processes with a provider each, and a server on PostgreSQL. */
@Timeout(60)
abstract class ProviderFixture {

    static final Duration LONG = Duration.ofMinutes(5);

    private static ServerOnPostgres server;

    final String name = "job-" + UUID.randomUUID();
    final StreamLockClient client = server.newClient();
    final CoordinatorLockProvider here = new CoordinatorLockProvider(client);
    private final StreamLockClient otherClient = server.newClient();
    final CoordinatorLockProvider there = new CoordinatorLockProvider(otherClient);

    @BeforeAll
    static void start() {
        server = new ServerOnPostgres();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void closeClients() {
        client.close();
        otherClient.close();
    }

    static ServerOnPostgres server() {
        return server;
    }

    LockConfiguration times(Duration atMostFor, Duration atLeastFor) {
        return new LockConfiguration(Instant.now(), name, atMostFor, atLeastFor);
    }

    LockConfiguration times(Duration atMostFor) {
        return times(atMostFor, Duration.ZERO);
    }

    CoordinatorLock lock(LockConfiguration configuration) {
        return (CoordinatorLock) here.lock(configuration).orElseThrow();
    }

    boolean isFree() {
        return there.lock(times(LONG)).map(ProviderFixture::unlocked).orElse(false);
    }

    private static boolean unlocked(SimpleLock lock) {
        lock.unlock();
        return true;
    }
}
