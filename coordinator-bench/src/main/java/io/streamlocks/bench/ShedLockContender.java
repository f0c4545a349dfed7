package io.streamlocks.bench;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;

/** ShedLock on plain JDBC, with the table from its documentation. It uses the clock of its client. */
final class ShedLockContender implements Contender {

    private final HikariDataSource pool;
    private final LockProvider provider;

    ShedLockContender(Bed bed) throws SQLException {
        bed.postgres().execute("""
                CREATE TABLE shedlock (
                    name varchar(64) NOT NULL PRIMARY KEY,
                    lock_until timestamp NOT NULL,
                    locked_at timestamp NOT NULL,
                    locked_by varchar(255) NOT NULL
                )
                """);
        pool = bed.postgres().pool(JdbcContender.CONNECTIONS);
        // All runs share a provider. It remembers which names have a row, and tries an insert for all other names.
        provider = new JdbcLockProvider(pool);
    }

    @Override
    public Locks open(int workers) {
        return new ShedLocks(provider);
    }

    @Override
    public void close() {
        pool.close();
    }

    private record ShedLocks(LockProvider provider) implements Locks {

        @Override
        public Optional<Held> tryAcquire(int worker, String streamId) {
            return provider.lock(
                            new LockConfiguration(Instant.now(), streamId, Duration.ofMillis(TTL_MS), Duration.ZERO))
                    .map(lock -> lock::unlock);
        }

        @Override
        public void close() {}
    }
}
