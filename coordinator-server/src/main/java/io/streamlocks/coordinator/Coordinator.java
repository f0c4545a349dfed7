package io.streamlocks.coordinator;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.Guards;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.http.Listening;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.lock.postgres.PoolerCheck;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.lock.postgres.RightsCheck;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import io.streamlocks.coordinator.lock.postgres.TableLook;
import io.streamlocks.coordinator.lock.postgres.TokenSequence;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.reload.UnusableFileException;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.telemetry.Tracing;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.flywaydb.core.api.FlywayException;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.PreferQueryMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A running coordinator: storage, HTTP server and background work, wired by hand. Thread-safe.
 */
final class Coordinator implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final Duration RETRY_STORAGE_AFTER = Duration.ofSeconds(1);

    /** PostgreSQL's insufficient_privilege and invalid_schema_name. */
    private static final Set<String> RIGHTS_OR_SCHEMA = Set.of("42501", "3F000");

    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration MIGRATION_STEP_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration PURGE_INTERVAL = Duration.ofMinutes(1);
    private static final Duration RELOAD_INTERVAL = Duration.ofSeconds(1);

    /** How long a server that stops still takes all calls but acquires. */
    private static final Duration GRANTS_NOTHING = Duration.ofSeconds(1);

    private static final Duration CENSUS_INTERVAL = Duration.ofSeconds(15);
    private static final Duration SET_UP_INTERVAL = Duration.ofMinutes(1);

    /** Storage, its set-up, its table, files, and the census of leases: none is to wait for another. */
    private static final int BACKGROUND_THREADS = 5;

    private final CoordinatorConfig config;
    private final Gate gate = new Gate();
    private final Telemetry telemetry;
    private final Optional<HikariDataSource> pool;
    private final LockManager locks;
    private final Guards guards;
    private final HttpServer server;
    private final Supplier<Map<String, Long>> census;
    private final Optional<SetUpWatch> setUp;
    private final Optional<TokenSequence> tokens;
    private final int port;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);
    private final ScheduledExecutorService background = Executors.newScheduledThreadPool(BACKGROUND_THREADS, task -> {
        Thread thread = new Thread(task, "background");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Starts a coordinator. Returns once it listens; it takes calls when {@link #ready} is done.
     *
     * @param config its settings
     * @throws RuntimeException if the port cannot be bound
     */
    Coordinator(CoordinatorConfig config) {
        this.config = config;
        CoordinatorConfig.Reporting reporting = config.reporting();
        this.telemetry = new Telemetry(reporting
                .traceCollector()
                .map(collector -> Tracing.to(collector, reporting.serviceName()))
                .orElseGet(Tracing::off));
        boolean keepsHistory = !config.historyRetention().isZero();
        this.pool = config.database().map(database -> pool(database, telemetry, keepsHistory));
        this.locks = pool.<LockManager>map(
                        connections -> new PostgresLockManager(connections, new StaleConnections(connections)))
                .orElseGet(() -> new MemoryLockManager(new MonotonicClock(), keepsHistory));
        this.census = telemetry.census(locks);
        this.guards = guards(config, census);
        SettingsFiles files = new SettingsFiles(
                guards,
                config.database().flatMap(CoordinatorConfig.Database::password),
                telemetry,
                InstantSource.system());
        this.server = new HttpServer(locks, gate, guards, config.defaultTtl(), config.maxTtl(), telemetry);
        // Not by the pool, which is used up when writes hang.
        this.setUp = config.database()
                .map(database -> new SetUpWatch(database.url(), new SetUpCheck(unpooled(database))::look));
        this.tokens = config.database().map(database -> new TokenSequence(unpooled(database)));
        try {
            this.port = server.start(new Listening(
                    config.httpHost(),
                    config.httpPort(),
                    config.managementPort(),
                    config.limits().connectionsPerAddress(),
                    config.limits().idleTimeout(),
                    config.limits().maxHeadBytes(),
                    config.access().isForLoopback()));
        } catch (RuntimeException e) {
            pool.ifPresent(HikariDataSource::close);
            telemetry.close();
            throw e;
        }
        background.execute(this::openStorage);
        every(RELOAD_INTERVAL, "reload the settings' files", files::reload);
        background.execute(this::measureJvm);
    }

    /** Read here once more, since they may have changed since the settings were found to be valid. */
    private static Guards guards(CoordinatorConfig config, Supplier<Map<String, Long>> census) {
        CoordinatorConfig.Limits limits = config.limits();
        try {
            return new Guards(
                    config.access().authenticator(),
                    limits.callsPerSecond() == 0
                            ? Optional.empty()
                            : Optional.of(new RateLimit(limits.callsPerSecond(), System::nanoTime)),
                    limits.leasesPerOwner() == 0
                            ? Optional.empty()
                            : Optional.of(new OwnerCap(limits.leasesPerOwner(), census)),
                    config.tls().isPresent() ? Optional.of(config.tls().get().read()) : Optional.empty());
        } catch (UnusableFileException e) {
            throw new IllegalStateException("A file of the settings has changed: " + e.getMessage(), e);
        }
    }

    /** Does something now and again and again; whatever it throws is logged, since a scheduled task that does is over. */
    private void every(Duration interval, String what, Runnable task) {
        Runnable undying = () -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                if (!background.isShutdown()) {
                    Throwable error = e instanceof Error ? e : null;
                    errors.log(Level.WARN, what + e, "Failed to " + what + ", trying again: " + rootCause(e), error);
                }
            }
        };
        background.scheduleWithFixedDelay(undying, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The port it listens on. */
    int port() {
        return port;
    }

    /** The port of probes and metrics alone, if there is one. */
    OptionalInt managementPort() {
        return server.managementPort();
    }

    /** Done when the storage is set up and calls are taken; never fails, since the storage is tried until it is. */
    CompletableFuture<Void> ready() {
        return ready;
    }

    /**
     * Stops. For {@link CoordinatorConfig#drainTime} it takes all calls, but is not ready and has clients connect anew, so
     * that load balancers and clients go elsewhere and workers that stop with it can release their leases. Then it refuses
     * acquires, for a second or for as long as that if it is shorter; and then it stops listening and lets the calls under
     * way finish, which takes 5 s at most. Blocks until all that is done.
     */
    @Override
    public void close() {
        if (gate.drain()) {
            try {
                // Plain waits, since nothing can end them early: no load balancer tells that it has noticed.
                TimeUnit.NANOSECONDS.sleep(config.drainTime().toNanos());
                gate.grantNothing();
                TimeUnit.NANOSECONDS.sleep(Math.min(config.drainTime().toNanos(), GRANTS_NOTHING.toNanos()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        background.shutdownNow();
        server.stop();
        telemetry.close();
        pool.ifPresent(HikariDataSource::close);
    }

    /** Sets up the schema and opens the gate; tries again until that succeeds, however long the database is away. */
    private void openStorage() {
        try {
            // First, since a migration that hangs for want of a standby would not say so.
            setUp.ifPresent(this::look);
            config.database().ifPresent(this::openDatabase);
            // The pool may not have noticed yet that the database is there, and would fail the first calls.
            locks.verifyWritable();
            tokens.ifPresent(Coordinator::raiseSequence);
        } catch (RuntimeException | Error e) {
            if (e instanceof StorageUnavailableException unavailable) {
                unavailable.lack().ifPresent(gate::waitFor);
            }
            if (!background.isShutdown()) {
                // Flyway's own message is a table of several lines; what went wrong is in the cause.
                String reason = rootCause(e) + missingRights(rootCause(e));
                errors.log(
                        Level.WARN,
                        "open " + reason,
                        "PostgreSQL at " + config.database().orElseThrow().url()
                                + " cannot be set up yet, trying again each " + RETRY_STORAGE_AFTER.toSeconds() + " s: "
                                + reason,
                        e instanceof Error ? e : null);
                background.schedule(this::openStorage, RETRY_STORAGE_AFTER.toMillis(), TimeUnit.MILLISECONDS);
            }
            return;
        }
        if (!background.isShutdown()) {
            gate.open();
            ready.complete(null);
            // One count for both: the cap, which asks more often, and the metrics.
            guards.ownerCap()
                    .ifPresentOrElse(
                            cap -> every(OwnerCap.REFRESH_INTERVAL, "count the live leases", cap::refresh),
                            () -> every(CENSUS_INTERVAL, "count the live leases", census::get));
            setUp.ifPresent(watch -> every(SET_UP_INTERVAL, "look at how the database is set up", watch));
            pool.ifPresent(connections -> every(
                    CENSUS_INTERVAL,
                    "look at the table and who holds its dead rows",
                    unlessAway(telemetry.storage(new TableLook(connections)::look))));
            background.scheduleWithFixedDelay(
                    this::purge, PURGE_INTERVAL.toMillis(), PURGE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** That the database is away is said by what counts leases and looks at its set-up, as often. */
    private static Runnable unlessAway(Runnable look) {
        return () -> {
            try {
                look.run();
            } catch (StorageUnavailableException e) {
                if (e.lack().isPresent()) {
                    throw e;
                }
            }
        };
    }

    /** Whatever keeps it from looking, other than that the database is away, is no reason not to serve. */
    private void look(SetUpWatch watch) {
        try {
            watch.run();
        } catch (StorageUnavailableException e) {
            throw e;
        } catch (RuntimeException e) {
            errors.log(Level.WARN, "set-up" + e, "Failed to look at how the database is set up: " + rootCause(e), null);
        }
    }

    private void measureJvm() {
        try {
            telemetry.measureJvm();
        } catch (RuntimeException | Error e) {
            LOG.warn("Failed to measure the virtual machine; its metrics are missing", e);
        }
    }

    private static Throwable rootCause(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    /** Must not throw: a scheduled task that does is never run again. */
    private void purge() {
        purge("streams idle", config.tombstoneRetention(), locks::purge);
        purge("grants over", config.historyRetention(), locks::purgeHistory);
    }

    private void purge(String what, Duration retention, ToIntFunction<Duration> purge) {
        try {
            int purged = purge.applyAsInt(retention);
            if (purged > 0) {
                LOG.info("Purged {} {} for over {} s", purged, what, retention.toSeconds());
            }
        } catch (RuntimeException | Error e) {
            errors.log(Level.WARN, "purge " + what + e, "Failed to purge " + what + ", trying again later", e);
        }
    }

    private void openDatabase(CoordinatorConfig.Database database) {
        PGSimpleDataSource plain = unpooled(database);
        plain.setPreferQueryMode(PreferQueryMode.SIMPLE);
        PoolerCheck.requireOwnSessions(plain);
        // Before, the pool would have left its settings in sessions that a pooler gives to others.
        pool.orElseThrow().getHikariConfigMXBean().setMinimumIdle(database.poolSize());
        migrate(database);
    }

    /** What a role needs that may not do what it must, as the end of a sentence; empty if that is not what is wrong. */
    private String missingRights(Throwable cause) {
        boolean mayBe = cause instanceof FlywayException
                || cause instanceof SQLException sql && RIGHTS_OR_SCHEMA.contains(String.valueOf(sql.getSQLState()));
        if (!mayBe) {
            return "";
        }
        try {
            return RightsCheck.missing(unpooled(config.database().orElseThrow()))
                    .map(sql -> ". Who may grant it must run: " + sql)
                    .orElse("");
        } catch (RuntimeException e) {
            return "";
        }
    }

    private static void migrate(CoordinatorConfig.Database database) {
        PGSimpleDataSource dataSource = unpooled(database);
        dataSource.setSocketTimeout(Math.toIntExact(MIGRATION_STEP_TIMEOUT.toSeconds()));
        try {
            new Schema(dataSource).migrate();
        } catch (SQLException e) {
            throw new IllegalStateException("The tables cannot be set up", e);
        }
    }

    private static void raiseSequence(TokenSequence sequence) {
        sequence.raise()
                .ifPresent(raised -> LOG.warn(
                        "The sequence stream_lock_fencing_token was at {}, behind the token {} that was given, and has been"
                                + " raised to it. Something has set it back, or has copied the tables without it: see"
                                + " RUNBOOK.md, Bring the sequence ahead",
                        raised.from(),
                        raised.to()));
    }

    /** A connection a call. A database that says nothing, at the login or after it, would be waited for without end. */
    private static PGSimpleDataSource unpooled(CoordinatorConfig.Database database) {
        PGSimpleDataSource dataSource = dataSource(database);
        dataSource.setLoginTimeout(Math.toIntExact(LOGIN_TIMEOUT.toSeconds()));
        dataSource.setSocketTimeout(Math.toIntExact(LOGIN_TIMEOUT.toSeconds()));
        return dataSource;
    }

    private static HikariDataSource pool(
            CoordinatorConfig.Database database, Telemetry telemetry, boolean keepsHistory) {
        HikariConfig hikari = new HikariConfig();
        PGSimpleDataSource dataSource = dataSource(database);
        long statementTimeoutMs = database.statementTimeout().toMillis();
        // The database ends a slow statement by itself; this ends one that the network has swallowed.
        dataSource.setSocketTimeout(Math.toIntExact(TimeUnit.MILLISECONDS.toSeconds(statementTimeoutMs) + 1));
        hikari.setDataSource(
                new RetryingDataSource(dataSource, length -> TimeUnit.NANOSECONDS.sleep(length.toNanos())));
        hikari.setPoolName("stream-locks");
        hikari.setMetricRegistry(telemetry.poolMetrics());
        hikari.setMaximumPoolSize(database.poolSize());
        hikari.setMinimumIdle(0);
        hikari.setConnectionTimeout(database.connectionTimeout().toMillis());
        hikari.setValidationTimeout(Math.max(250, database.connectionTimeout().toMillis() / 2));
        hikari.setInitializationFailTimeout(-1);
        hikari.setAutoCommit(true);
        hikari.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        // In SQL, not as a start-up option, which connection poolers such as PgBouncer refuse. A lock is waited for
        // less long than the statement may take, so that what is told is the reason; but longer, by default, than the
        // second after which PostgreSQL looks for a deadlock, else it is never seen and the call not tried again.
        hikari.setConnectionInitSql("SET statement_timeout = " + statementTimeoutMs + "; SET lock_timeout = "
                + statementTimeoutMs * 4 / 5 + "; " + PostgresLockManager.SESSION_SETTINGS + "; "
                + (keepsHistory ? "" : PostgresLockManager.WITHOUT_HISTORY));
        return new HikariDataSource(hikari);
    }

    private static PGSimpleDataSource dataSource(CoordinatorConfig.Database database) {
        PGSimpleDataSource dataSource = database.dataSource();
        if (PGProperty.APPLICATION_NAME
                .getOrDefault(database.url().properties())
                .equals("PostgreSQL JDBC Driver")) {
            dataSource.setApplicationName("stream-lock-coordinator");
        }
        if (!PGProperty.CONNECT_TIMEOUT.isPresent(database.url().properties())) {
            dataSource.setConnectTimeout(2);
        }
        dataSource.setTcpKeepAlive(true);
        // An error's detail may quote the row, and with it a lease id.
        dataSource.setLogServerErrorDetail(false);
        return dataSource;
    }
}
