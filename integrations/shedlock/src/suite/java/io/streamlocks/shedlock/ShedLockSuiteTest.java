package io.streamlocks.shedlock;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.StreamLockClient;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.test.support.AbstractExtensibleLockProviderIntegrationTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/** ShedLock's own tests of a provider, which include those with eight threads, against a server on PostgreSQL. */
@Tag("postgres")
class ShedLockSuiteTest extends AbstractExtensibleLockProviderIntegrationTest {

    private final ServerOnPostgres server = new ServerOnPostgres();
    private final StreamLockClient client = server.newClient();
    private final CoordinatorLockProvider provider = new CoordinatorLockProvider(client);

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Override
    protected ExtensibleLockProvider getLockProvider() {
        return provider;
    }

    @Override
    protected void assertUnlocked(String lockName) {
        assertThat(server.isLocked(lockName)).isFalse();
    }

    @Override
    protected void assertLocked(String lockName) {
        assertThat(server.isLocked(lockName)).isTrue();
    }
}
