package io.streamlocks.coordinator;

import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.Guards;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.coordinator.reload.UnusableFileException;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.telemetry.Tracing;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A running coordinator: storage, HTTP server and background work, wired by hand. Thread-safe.
 */
final class Coordinator implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final Duration RETRY_STORAGE_AFTER = Duration.ofSeconds(1);
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
    private final Optional<PostgresStorage> postgres;
    private final LockManager locks;
    private final Guards guards;
    private final HttpServer server;
    private final Supplier<Map<String, Long>> census;
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
        this.postgres = config.database().map(database -> new PostgresStorage(database, telemetry, keepsHistory));
        this.locks = postgres.map(PostgresStorage::locks)
                .orElseGet(() -> new MemoryLockManager(new MonotonicClock(), keepsHistory));
        this.census = telemetry.census(locks);
        this.guards = guards(config, census);
        SettingsFiles files = new SettingsFiles(
                guards,
                config.database().flatMap(CoordinatorConfig.Database::password),
                telemetry,
                InstantSource.system());
        this.server = new HttpServer(locks, gate, guards, config.defaultTtl(), config.maxTtl(), telemetry);
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
            postgres.ifPresent(PostgresStorage::close);
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
                    Throwable root = rootCause(e);
                    errors.log(
                            Level.WARN,
                            what + e + root,
                            "Failed to " + what + ", trying again: " + root,
                            RootCause.errorOf(e));
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
                // These waits have a fixed length: no load balancer reports that it has noticed.
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
        postgres.ifPresent(PostgresStorage::close);
    }

    /** Sets up the schema and opens the gate; tries again until that succeeds, however long the database is away. */
    private void openStorage() {
        try {
            // First, since a migration that hangs for want of a standby would not say so.
            postgres.map(PostgresStorage::setUp).ifPresent(this::look);
            postgres.ifPresent(PostgresStorage::open);
        } catch (RuntimeException | Error e) {
            gate.waitFor(e instanceof StorageUnavailableException unavailable ? unavailable.lack() : Optional.empty());
            if (!background.isShutdown()) {
                // Flyway's own message is a table of several lines; what went wrong is in the cause.
                String reason = postgres.orElseThrow().whyNot(rootCause(e));
                errors.log(
                        Level.WARN,
                        "open " + reason,
                        "PostgreSQL at " + postgres.orElseThrow().url()
                                + " cannot be set up yet, trying again each " + RETRY_STORAGE_AFTER.toSeconds() + " s: "
                                + reason,
                        RootCause.errorOf(e));
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
            postgres.ifPresent(storage -> {
                every(SET_UP_INTERVAL, "look at how the database is set up", storage.setUp());
                every(
                        CENSUS_INTERVAL,
                        "look at the table and who holds its dead rows",
                        unlessAway(telemetry.storage(storage::look)));
            });
            background.scheduleWithFixedDelay(
                    this::purge, PURGE_INTERVAL.toMillis(), PURGE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** The count of leases and the look at the set-up log as often that the database is away; anything else is news. */
    private static Runnable unlessAway(Runnable look) {
        return () -> {
            try {
                look.run();
            } catch (StorageUnavailableException e) {
                if (!PostgresStorage.isAway(e)) {
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
        return RootCause.of(e);
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
}
