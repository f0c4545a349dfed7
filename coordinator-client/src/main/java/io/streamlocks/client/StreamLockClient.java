package io.streamlocks.client;

import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * Acquires leases of streams and keeps them alive. A worker process needs one client for all its streams.
 *
 * <p>The client renews all its leases together, with one request for each thousand at every third of their length. It
 * repeats a renewal without an answer until the lease is no longer safe. It repeats a release without an answer until
 * the lease has run out. Three daemon threads do that, so that no call delays another.
 *
 * <p>This class is thread-safe.
 */
public final class StreamLockClient implements AutoCloseable {

    /** The time for threads whose calls were cut off to notice that. */
    private static final Duration CUT_OFF = Duration.ofSeconds(1);

    // Each has connections of its own, so that acquires and releases that hang do not hold up renewals.
    private final LeaseCalls acquires;
    private final LeaseCalls renewals;
    private final LeaseCalls releases;

    private final Acquirer acquirer;
    private final LeaseKeeper keeper;
    private final String ownerId;
    private final Timing timing;
    private final Optional<ExecutorService> ownExecutor;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param settings the settings, of this client alone
     * @param runtime the process
     * @param connect makes calls with connections of their own
     */
    StreamLockClient(ClientSettings settings, ClientRuntime runtime, Supplier<LeaseCalls> connect) {
        this.ownerId = settings.owner().id();
        this.timing = settings.timing();
        this.ownExecutor = settings.callbackExecutor().isPresent()
                ? Optional.empty()
                : Optional.of(Executors.newCachedThreadPool(task -> {
                    Thread thread = new Thread(task, "stream-lock-callback");
                    thread.setDaemon(true);
                    return thread;
                }));
        Executor executor = settings.callbackExecutor().or(() -> ownExecutor).orElseThrow();
        this.acquires = connect.get();
        this.renewals = connect.get();
        this.releases = connect.get();
        Notices notices = new Notices(settings.listener(), executor, runtime);
        this.keeper = new LeaseKeeper(renewals, releases, timing, notices, runtime);
        this.acquirer = new Acquirer(acquires, keeper, settings.owner(), timing, runtime);
    }

    /**
     * Begins to set up a client.
     *
     * @param baseUri where the coordinator is, such as {@code http://coordinator:8080}; the name of the host may have
     *     an underscore
     */
    public static Builder builder(URI baseUri) {
        return new Builder(baseUri);
    }

    /** Returns the label under which this process holds its leases. */
    public String ownerId() {
        return ownerId;
    }

    /**
     * Acquires the lease of a stream, if no other owner has it. This blocks for one call as a rule. If a call has no
     * usable answer, the client repeats it with the same lease id until the acquire time-out has passed.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @return the lease; empty if another owner has it, or an operator keeps the stream closed for a while
     * @throws CoordinatorUnavailableException if there was no usable answer in time. If the lease was granted after
     *     all, the client releases it in the background
     * @throws CoordinatorRefusedException if the coordinator refused the call, for example because the stream id is not
     *     printable
     * @throws IllegalArgumentException if the stream id has over 255 characters, or half of a surrogate pair
     * @throws IllegalStateException if this client is closed
     */
    public Optional<HeldLease> tryAcquire(String streamId) {
        return acquirer.tryAcquire(Objects.requireNonNull(streamId, "streamId"));
    }

    /**
     * Does work on this thread under the lease of a stream, if no other owner has it, and releases the lease after it.
     * If the lease is lost, the client interrupts the thread, and withdraws the interruption when the work has
     * returned. The work may call this method itself, of this client or of another. If the outer lease is lost
     * meanwhile, the client interrupts the thread (again) when the inner call ends.
     *
     * <p>This blocks for {@link #tryAcquire}, for the work, and for one call that releases.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @param work the work
     * @param <T> the result of the work, which must not be null
     * @param <X> what the work throws
     * @return the result; empty if another owner has the stream
     * @throws LeaseLostException if the lease was lost while the work was under way, whatever the work returned or
     *     threw; the exception of the work is suppressed in it
     * @throws CoordinatorUnavailableException as {@link #tryAcquire}
     * @throws CoordinatorRefusedException as {@link #tryAcquire}
     * @throws X what the work throws
     */
    public <T, X extends Exception> Optional<T> runWithLease(String streamId, LeaseWork<T, X> work) throws X {
        Optional<HeldLease> acquired = tryAcquire(streamId);
        return acquired.isPresent() ? WorkUnderLease.run(acquired.get(), work) : Optional.empty();
    }

    /**
     * Closes leases of this client, as {@link HeldLease#close()} does, but with one call for each thousand.
     *
     * @param leases the leases; those that are closed or lost are left out
     */
    public void release(Collection<HeldLease> leases) {
        keeper.release(leases);
    }

    /**
     * Ends all leases and the threads. No lease is safe any more, and none is renewed. Closing again does nothing. The
     * client does this in order:
     *
     * <ol>
     *   <li>It waits for the acquires under way, for three request time-outs at most.
     *   <li>It interrupts the work under way in {@link #runWithLease}, which ends with a {@link LeaseLostException}.
     *   <li>It releases the leases that are not in use, with one call for each thousand. A lease is in use during the
     *       work of {@link #runWithLease}, during each call of a session's handler, and from {@link HeldLease#use()}
     *       until that use is closed.
     *   <li>It releases the others as soon as they are not in use any more. It waits for that for one request time-out.
     *   <li>It does not release the leases that are in use after that: another worker would work beside this one. Such
     *       a lease runs out by itself. A warning in the log names its stream, and there is no loss. If the work closes
     *       the lease later, nothing happens.
     *   <li>It repeats releases that had no usable answer, with pauses, for one request time-out. It waits as long for
     *       the releases that other threads have under way, and repeats those, too. The {@linkplain
     *       StreamLockListener#releaseUnknown listener} receives the first try. Then the lease runs out by itself, and
     *       a warning in the log names its stream. If the coordinator refuses a release, as with 401 or 403, that
     *       happens at once.
     * </ol>
     *
     * <p>This blocks for the sum of these times. A call that is under way when a time ends goes on for its own
     * time-outs. A coordinator that takes calls and never answers holds up a client with a request time-out of 5 s, the
     * longest default, for about 40 s at worst: 15 s for acquires, and 5 s each for releases, for work, for the calls
     * at the end of either, and for the last tries. A coordinator that refuses connections holds it up for one request
     * time-out as a rule.
     *
     * <p>Work may close the client of its own lease. That does not wait for this work, and the lease runs out.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        acquirer.close();
        // Three request time-outs are the time to get a connection, to connect, and to have an answer. The calls that
        // are not done by then are cut off. Their threads leave it to the keeper to release.
        if (!acquirer.awaitEnd(timing.requestTimeout().multipliedBy(3))) {
            acquires.close();
            acquirer.awaitEnd(CUT_OFF);
        }
        keeper.close();
        acquires.close();
        renewals.close();
        releases.close();
        keeper.awaitOthersReleases(CUT_OFF);
        ownExecutor.ifPresent(ExecutorService::shutdown);
    }

    /** The settings of a {@link StreamLockClient}. This class is not thread-safe. */
    public static final class Builder {

        private final URI baseUri;
        private Optional<String> ownerId = Optional.empty();
        private Optional<Duration> ttl = Optional.empty();
        private Optional<Duration> heartbeatInterval = Optional.empty();
        private Optional<Duration> requestTimeout = Optional.empty();
        private Duration acquireTimeout = Duration.ofSeconds(5);
        private Optional<String> bearerToken = Optional.empty();
        private Map<String, String> labels = Map.of();
        private Optional<SSLContext> sslContext = Optional.empty();
        private Optional<Executor> callbackExecutor = Optional.empty();
        private StreamLockListener listener = new StreamLockListener() {};

        private Builder(URI baseUri) {
            this.baseUri = Objects.requireNonNull(baseUri, "baseUri");
        }

        /** Sets the label of this process, unique per process start; {@code <host>-<pid>-<random>} by default. */
        public Builder ownerId(String label) {
            this.ownerId = Optional.of(label);
            return this;
        }

        /**
         * Sets the length of leases, from 1 s to 24 h. By default the coordinator chooses it ({@code LOCK_TTL_MS}). The
         * streams of a worker that has crashed are free after it.
         */
        public Builder ttl(Duration length) {
            this.ttl = Optional.of(length);
            return this;
        }

        /**
         * Sets how often leases are renewed, below the ttl less a tenth; a third of a lease's length by default. If the
         * coordinator chooses the length, and it is too short for this interval, the client uses a third of it.
         */
        public Builder heartbeatInterval(Duration interval) {
            this.heartbeatInterval = Optional.of(interval);
            return this;
        }

        /**
         * Sets how long to wait for a connection, and for its answer, each; a quarter of a lease's length by default,
         * and 5 s at most. If the coordinator chooses the length, it is 5 s until the first grant.
         */
        public Builder requestTimeout(Duration timeout) {
            this.requestTimeout = Optional.of(timeout);
            return this;
        }

        /** Sets how long an acquire without an answer is repeated; 5 s by default. */
        public Builder acquireTimeout(Duration timeout) {
            this.acquireTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets what else operators see of the holder, such as its pod, region and build: up to 16 names of 1 to 63
         * characters, with values of up to 255; none by default.
         */
        public Builder labels(Map<String, String> namesAndValues) {
            this.labels = Map.copyOf(namesAndValues);
            return this;
        }

        /** Sets what is sent as {@code Authorization: Bearer} with every call; none by default. */
        public Builder bearerToken(String token) {
            this.bearerToken = Optional.of(token);
            return this;
        }

        /** Sets which certificates to trust of a coordinator with an https URI; those that Java trusts by default. */
        public Builder sslContext(SSLContext trust) {
            this.sslContext = Optional.of(trust);
            return this;
        }

        /**
         * Sets what runs the callbacks of {@link HeldLease#onLost}, never in the thread that submits; own threads by
         * default.
         */
        public Builder callbackExecutor(Executor executor) {
            this.callbackExecutor = Optional.of(executor);
            return this;
        }

        /** Sets what receives the events of the client, for metrics; nothing by default. */
        public Builder listener(StreamLockListener receiver) {
            this.listener = Objects.requireNonNull(receiver, "receiver");
            return this;
        }

        /**
         * Makes the client. It opens no connection yet.
         *
         * @throws IllegalArgumentException if a setting is out of its range, or the settings do not go together
         */
        public StreamLockClient build() {
            ClientSettings settings = settings();
            return new StreamLockClient(settings, ClientRuntime.JVM, settings::connect);
        }

        ClientSettings settings() {
            return new ClientSettings(
                    baseUri,
                    new Owner(ownerId.orElseGet(ClientSettings::newOwnerId), labels),
                    new Timing(ttl, heartbeatInterval, requestTimeout, acquireTimeout),
                    bearerToken,
                    sslContext,
                    callbackExecutor,
                    listener);
        }
    }
}
