package io.streamlocks.bench;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Rows of {@link JdbcContender#TABLE}.
 *
 * @param pool connects to the database, and is closed with this
 */
record JdbcLocks(HikariDataSource pool) implements Locks {

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
