package io.streamlocks.bench;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * A worker with its own database connection: one statement to acquire and one to release. This is the least that a lock
 * in PostgreSQL costs, so the others are compared with it.
 */
final class JdbcContender implements Contender {

    static final String TABLE = "jdbc_locks";
    static final int CONNECTIONS = 32;

    private static final String ACQUIRE = """
            INSERT INTO jdbc_locks AS l
                (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at)
            VALUES (?, ?, ?, nextval('jdbc_lock_token'), ?, clock_timestamp(),
                clock_timestamp() + ? * interval '1 millisecond')
            ON CONFLICT (stream_id) DO UPDATE SET
                owner_id = EXCLUDED.owner_id,
                lease_id = EXCLUDED.lease_id,
                fencing_token = nextval('jdbc_lock_token'),
                ttl_ms = EXCLUDED.ttl_ms,
                acquired_at = clock_timestamp(),
                expires_at = clock_timestamp() + EXCLUDED.ttl_ms * interval '1 millisecond'
            WHERE l.expires_at <= clock_timestamp()
            RETURNING fencing_token, expires_at
            """;

    private static final String RELEASE = """
            UPDATE jdbc_locks SET owner_id = NULL, expires_at = clock_timestamp()
            WHERE stream_id = ? AND lease_id = ? AND expires_at > clock_timestamp()
            """;

    private final Postgres postgres;

    JdbcContender(Bed bed) throws SQLException {
        this.postgres = bed.postgres();
        // This is the coordinator's table without past lease ids, which only the coordinator needs.
        postgres.execute("CREATE SEQUENCE jdbc_lock_token", """
                CREATE TABLE jdbc_locks (
                    stream_id varchar(255) COLLATE "C" NOT NULL PRIMARY KEY,
                    owner_id varchar(255),
                    lease_id uuid NOT NULL,
                    fencing_token bigint NOT NULL,
                    ttl_ms bigint NOT NULL,
                    acquired_at timestamptz NOT NULL,
                    expires_at timestamptz NOT NULL
                ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)
                """);
    }

    @Override
    public Locks open(int workers) {
        return new JdbcLocks(postgres.pool(Math.min(CONNECTIONS, workers)));
    }

    private record JdbcLocks(HikariDataSource pool) implements Locks {

        @Override
        public Optional<Held> tryAcquire(int worker, String streamId) throws SQLException {
            UUID leaseId = UUID.randomUUID();
            try (Connection connection = pool.getConnection();
                    PreparedStatement statement = connection.prepareStatement(ACQUIRE)) {
                statement.setString(1, streamId);
                statement.setString(2, "worker-" + worker);
                statement.setObject(3, leaseId);
                statement.setLong(4, TTL_MS);
                statement.setLong(5, TTL_MS);
                try (ResultSet granted = statement.executeQuery()) {
                    return granted.next() ? Optional.of(() -> release(streamId, leaseId)) : Optional.empty();
                }
            }
        }

        private void release(String streamId, UUID leaseId) throws SQLException {
            try (Connection connection = pool.getConnection();
                    PreparedStatement statement = connection.prepareStatement(RELEASE)) {
                statement.setString(1, streamId);
                statement.setObject(2, leaseId);
                if (statement.executeUpdate() != 1) {
                    throw new IllegalStateException("A lock was lost");
                }
            }
        }

        @Override
        public void close() {
            pool.close();
        }
    }
}
