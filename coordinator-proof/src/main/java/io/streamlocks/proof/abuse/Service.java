package io.streamlocks.proof.abuse;

import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.testkit.rig.Machine;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The coordinator of a combination, with a proxy in front of it if the combination has one. */
final class Service implements AutoCloseable {

    /** The name of the coordinator's log file. */
    static final String LOG = "coordinator.log";

    private static final String NO_LOCKS = "TRUNCATE stream_locks, stream_lock_history";
    private static final String MANY_LOCKS = """
            INSERT INTO stream_locks (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at,
                superseded_lease_ids)
            SELECT 'rows/' || n, 'rows', gen_random_uuid(), nextval('stream_lock_fencing_token'), 86400000, now(),
                now() + interval '1 day', '{}'
            FROM generate_series(%d, %d) AS n""";
    private static final int AT_ONCE = 100_000;

    /** The image starts the coordinator with this option as well. */
    private static final String EXIT = "-XX:+ExitOnOutOfMemoryError";

    /** The backend memory gets its locks through calls, and has only half a GB. */
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
     * Starts a coordinator without a lock. Blocks until it is ready.
     *
     * @param postgres the database, for the backend postgres
     * @param directory the directory for the output of the processes
     */
    static Service start(
            AbuseSettings settings, Combination combination, Optional<PostgresServer> postgres, Path directory)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>();
        environment.put("LOCK_BACKEND", combination.backend().toString());
        environment.put("COORDINATOR_TOKENS_FILE", Caller.writeFile(directory).toString());
        postgres.ifPresent(server -> environment.put("DATABASE_URL", server.url("postgres")));
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

    /** Locks many streams for a day. Their prefix is not that of the victims or the abuser. */
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

    /** Returns the port to which callers connect. */
    int port() {
        return nginx.map(Nginx::port).orElse(coordinator.port());
    }

    /** Returns the port for health checks, which is the management port if the server has one. */
    int healthPort() {
        return Probe.of(managementPort, "/livez").isEmpty() ? managementPort : coordinator.port();
    }

    @Override
    public void close() {
        nginx.ifPresent(Nginx::close);
        coordinator.close();
    }
}
