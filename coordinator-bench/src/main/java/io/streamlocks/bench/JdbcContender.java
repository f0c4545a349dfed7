package io.streamlocks.bench;

import java.sql.SQLException;

/**
 * A worker with its own database connection: one statement to acquire and one to release. This is the least that a lock
 * in PostgreSQL costs, so the others are compared with it.
 */
final class JdbcContender implements Contender {

    static final String TABLE = "jdbc_locks";
    static final int CONNECTIONS = 32;

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
}
