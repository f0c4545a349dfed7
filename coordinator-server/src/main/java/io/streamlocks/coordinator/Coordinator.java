package io.streamlocks.coordinator;

import io.streamlocks.coordinator.background.Background;
import io.streamlocks.coordinator.background.Purge;
import io.streamlocks.coordinator.background.SettingsFiles;
import io.streamlocks.coordinator.background.StorageOpening;
import io.streamlocks.coordinator.database.PostgresStorage;
import io.streamlocks.coordinator.http.Gate;
import io.streamlocks.coordinator.http.Guards;
import io.streamlocks.coordinator.http.HttpServer;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.settings.LeaseSettings;
import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.coordinator.storage.MemoryStorage;
import io.streamlocks.coordinator.storage.Storage;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** A running coordinator: storage, HTTP server and background work, wired by hand. This class is thread-safe. */
final class Coordinator implements AutoCloseable {

    private static final Duration PURGE_INTERVAL = Duration.ofMinutes(1);
    private static final Duration RELOAD_INTERVAL = Duration.ofSeconds(1);
    private static final Duration CENSUS_INTERVAL = Duration.ofSeconds(15);

    private final Settings settings;
    private final Gate gate = new Gate();
    private final Telemetry telemetry;
    private final Storage storage;
    private final Supplier<Map<String, Long>> census;
    private final Guards guards;
    private final HttpServer server;
    private final int port;
    private final Background background = new Background();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    /**
     * Starts a coordinator. Returns once it listens. It takes calls once {@link #ready} is done.
     *
     * @param settings its settings
     * @throws RuntimeException if the port cannot be bound
     */
    Coordinator(Settings settings) {
        this.settings = settings;
        this.telemetry = settings.reporting().telemetry();
        this.storage = storage(settings, telemetry);
        this.census = telemetry.census(storage.locks());
        this.guards = settings.guards(census);
        LeaseSettings leases = settings.leases();
        this.server = new HttpServer(storage.locks(), gate, guards, leases.defaultTtl(), leases.maxTtl(), telemetry);
        SettingsFiles files = new SettingsFiles(
                guards.authenticator(),
                guards.certificate(),
                settings.backend().password(),
                telemetry,
                InstantSource.system());
        try {
            this.port = server.start(settings.listening());
        } catch (RuntimeException e) {
            storage.close();
            telemetry.close();
            throw e;
        }
        new StorageOpening(storage, background, gate::waitFor, this::open).start();
        background.every(RELOAD_INTERVAL, "reload the files of the settings", files::reload);
        background.once("measure the Java virtual machine, whose metrics are missing", telemetry::measureJvm);
    }

    private static Storage storage(Settings settings, Telemetry telemetry) {
        boolean keepsHistory = settings.leases().keepsHistory();
        return settings.backend()
                .match(
                        memory -> new MemoryStorage(keepsHistory),
                        postgres -> new PostgresStorage(
                                postgres.database(), keepsHistory, telemetry.poolMetrics(), telemetry::storage));
    }

    /** Takes calls from now on. */
    private void open() {
        gate.open();
        ready.complete(null);
        // The cap and the metrics share one count. The cap needs it more often.
        guards.ownerCap()
                .ifPresentOrElse(
                        cap -> background.every(OwnerCap.REFRESH_INTERVAL, "count the live leases", cap::refresh),
                        () -> background.every(CENSUS_INTERVAL, "count the live leases", census::get));
        background.every(CENSUS_INTERVAL, "count the members of groups", telemetry.groups(storage.locks()));
        storage.tasks().forEach(task -> background.every(task.interval(), task.what(), task.work()));
        LeaseSettings leases = settings.leases();
        Purge purge = new Purge(storage.locks(), leases.tombstoneRetention(), leases.historyRetention());
        background.every(PURGE_INTERVAL, PURGE_INTERVAL, "purge", purge);
    }

    /** Returns the port that it listens on. */
    int port() {
        return port;
    }

    /** Returns the port of probes and metrics, if it has one. */
    OptionalInt managementPort() {
        return server.managementPort();
    }

    /** Is done when calls are taken. It never fails, because the server tries to open the storage until it succeeds. */
    CompletableFuture<Void> ready() {
        return ready;
    }

    /**
     * Stops. The server {@linkplain Gate#drain drains} for {@link Settings#drainTime}. Load balancers and clients switch
     * to other servers meanwhile, and workers that stop at the same time can release their leases. At last it stops
     * listening and lets calls finish, for 5 s at most. Blocks until all that is done.
     */
    @Override
    public void close() {
        gate.drain(settings.drainTime());
        background.close();
        server.stop();
        telemetry.close();
        storage.close();
    }
}
