package io.streamlocks.shedlock;

import io.streamlocks.client.StreamLockClient;
import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.URI;
import java.time.Duration;

/** A real server on a real PostgreSQL, and a look into its table. */
final class ServerOnPostgres implements AutoCloseable {

    private final TestDatabase database = TestDatabase.migrated();
    private final Gate gate = new Gate();
    private final HttpServer server =
            new HttpServer(new PostgresLockManager(database.pool()), gate, Limits.DEFAULT_TTL, Limits.MAX_TTL);
    private final int port;

    ServerOnPostgres() {
        gate.open();
        port = server.start("127.0.0.1", 0);
    }

    int port() {
        return port;
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    StreamLockClient newClient() {
        return StreamLockClient.builder(uri()).build();
    }

    boolean isLocked(String streamId) {
        return !lastsFor(streamId).isZero();
    }

    /** Returns how long a lock still lasts; zero if it is over. */
    Duration lastsFor(String streamId) {
        String left = "ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000)";
        return Duration.ofMillis(database.sql()
                .fetchSingle(
                        "SELECT coalesce(max(greatest(" + left + ", 0)), 0) FROM stream_locks WHERE stream_id = ?",
                        streamId)
                .get(0, Long.class));
    }

    /** Returns whether a lock was released, and did not run out. */
    boolean wasReleased(String streamId, long fencingToken) {
        String ofLock = "stream_id = ? AND fencing_token = ?";
        return database.sql()
                        .fetchSingle(
                                "SELECT count(*) FROM stream_lock_history WHERE end_reason = 'released' AND " + ofLock,
                                streamId,
                                fencingToken)
                        .get(0, Integer.class)
                == 1;
    }

    /** Lets a lock run out on the clock of the database, as after a pause of its holder. */
    void expire(String streamId) {
        database.expire(streamId);
    }

    @Override
    public void close() {
        gate.drain(Duration.ZERO);
        server.stop();
        database.close();
    }
}
