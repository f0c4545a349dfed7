package io.streamlocks.proof.abuse;

import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.proof.process.Machine;
import io.streamlocks.proof.process.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A coordinator as one combination has it, with a proxy before it if it is one with a proxy. */
final class Service implements AutoCloseable {

    /** What the coordinator writes, in its directory. */
    static final String LOG = "coordinator.log";

    private static final String NO_LOCKS = "TRUNCATE stream_locks, stream_lock_history";
    private static final String MANY_LOCKS = """
            INSERT INTO stream_locks (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at,
                superseded_lease_ids)
            SELECT 'rows/' || n, 'rows', gen_random_uuid(), nextval('stream_lock_fencing_token'), 86400000, now(),
                now() + interval '1 day', '{}'
            FROM generate_series(%d, %d) AS n""";
    private static final int AT_ONCE = 100_000;

    /** As the image starts it. */
    private static final String EXIT = "-XX:+ExitOnOutOfMemoryError";

    /** A server in memory gets its locks by calls, and has but half a GB. */
    private static final int MOST_IN_MEMORY = 200_000;

    private final CoordinatorNode coordinator;
    private final int managementPort;
    private final Optional<PostgresServer> postgres;
    private Optional<Nginx> nginx = Optional.empty();

    private Service(CoordinatorNode coordinator, int managementPort, Optional<PostgresServer> postgres) {
        this.coordinator = coordinator;
        this.managementPort = managementPort;
        this.postgres = postgres;
    }

    /**
     * Starts it without a lock, and returns when it is ready.
     *
     * @param postgres the database, for that backend
     * @param directory for what the processes write
     */
    static Service start(
            AbuseSettings settings, Combination combination, Optional<PostgresServer> postgres, Path directory)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>();
        environment.put("LOCK_BACKEND", combination.backend().toString());
        environment.put("COORDINATOR_TOKENS_FILE", Caller.writeFile(directory).toString());
        postgres.ifPresent(server -> environment.put(
                "DATABASE_URL",
                String.format(Locale.ROOT, "postgres://postgres@127.0.0.1:%d/postgres", server.port())));
        int managementPort = Machine.freePort();
        environment.put("MANAGEMENT_PORT", Integer.toString(managementPort));
        Service service = new Service(
                new CoordinatorNode(
                        "coordinator",
                        List.of(Machine.java(), "-Xmx" + combination.heapMb() + "m", EXIT),
                        settings.coordinatorJar(),
                        environment,
                        directory),
                managementPort,
                postgres);
        try {
            service.coordinator.process().start();
            service.coordinator.awaitReady();
            if (combination.way() == Combination.Way.NGINX) {
                service.nginx = Optional.of(Nginx.start(
                        Nginx.program().orElseThrow(),
                        settings.root().resolve("docker-compose.yml"),
                        service.coordinator.port(),
                        directory));
            }
            if (postgres.isPresent()) {
                postgres.get().execute(NO_LOCKS);
            }
            return service;
        } catch (IOException | InterruptedException | RuntimeException e) {
            service.close();
            throw e;
        } catch (SQLException e) {
            service.close();
            throw new IOException(e);
        }
    }

    /** Locks a great many streams for long, none of which begins as those of the victims or the abuser. */
    void lockMany(int rows) throws IOException, InterruptedException, SQLException {
        if (postgres.isPresent()) {
            for (int first = 1; first <= rows; first += AT_ONCE) {
                int last = Math.min(rows, first + AT_ONCE - 1);
                postgres.get().execute(String.format(Locale.ROOT, MANY_LOCKS, first, last));
            }
            postgres.get().execute("VACUUM ANALYZE stream_locks");
        } else {
            Api api = new Api(coordinator.port(), Caller.OPERATOR);
            api.acquireMany("rows/", Math.min(rows, MOST_IN_MEMORY));
        }
    }

    CoordinatorNode coordinator() {
        return coordinator;
    }

    /** Where callers reach it. */
    int port() {
        return nginx.map(Nginx::port).orElse(coordinator.port());
    }

    /** Where health is asked for: on a port of its own, if the server has one. */
    int healthPort() {
        return Probe.of(managementPort, "/livez").isEmpty() ? managementPort : coordinator.port();
    }

    @Override
    public void close() {
        nginx.ifPresent(Nginx::close);
        coordinator.close();
    }
}
