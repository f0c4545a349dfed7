package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * Acquires leases of streams and keeps them alive: one for a worker process, for all its streams.
 *
 * <p>All leases of a client are renewed together, a request for each thousand of them at every third of the ttl; a
 * renewal without an answer is tried again until the lease is no longer safe. Releases without an answer are tried again
 * until the lease has run out. Three daemon threads do that, so that no call delays what another has to do.
 *
 * <p>Thread-safe.
 */
public final class StreamLockClient implements AutoCloseable {

    /** Of the contract, in code points. */
    private static final int MAX_ID_LENGTH = 255;

    private static final Duration RETRY_ACQUIRE_AFTER = Duration.ofMillis(100);

    /** How long those whose calls are cut off may take to notice. */
    private static final Duration CUT_OFF = Duration.ofSeconds(1);

    /** Three, each with its own connections, so that acquires and releases which hang do not hold up renewals. */
    private final LeaseCalls acquires;

    private final LeaseCalls renewals;
    private final LeaseCalls releases;
    private final LeaseKeeper keeper;
    private final ClientRuntime runtime;
    private final String ownerId;
    private final Duration ttl;
    private final Duration acquireTimeout;
    private final Optional<ExecutorService> ownExecutor;
    private final Duration requestTimeout;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** One permit for each acquire under way; the one who closes takes all. */
    private final Semaphore acquiring = new Semaphore(Integer.MAX_VALUE);

    /**
     * @param connect makes calls with connections of their own
     */
    StreamLockClient(Builder builder, ClientRuntime runtime, Supplier<LeaseCalls> connect) {
        this.runtime = runtime;
        this.requestTimeout = builder.requestTimeout();
        this.ownerId = builder.ownerId == null ? newOwnerId() : builder.ownerId;
        this.ttl = builder.ttl;
        this.acquireTimeout = builder.acquireTimeout;
        this.ownExecutor = builder.callbackExecutor == null
                ? Optional.of(Executors.newCachedThreadPool(task -> {
                    Thread thread = new Thread(task, "stream-lock-callback");
                    thread.setDaemon(true);
                    return thread;
                }))
                : Optional.empty();
        Executor executor = ownExecutor.<Executor>map(own -> own).orElse(builder.callbackExecutor);
        this.acquires = connect.get();
        this.renewals = connect.get();
        this.releases = connect.get();
        this.keeper = new LeaseKeeper(
                renewals,
                releases,
                ttl,
                builder.margin(),
                builder.heartbeatInterval(),
                requestTimeout,
                executor,
                builder.listener,
                runtime);
    }

    /**
     * Begins to set up a client.
     *
     * @param baseUri where the coordinator is, like {@code http://coordinator:8080}; the name of the host may have an
     *     underscore
     */
    public static Builder builder(URI baseUri) {
        return new Builder(baseUri);
    }

    /** The label under which this process holds its leases. */
    public String ownerId() {
        return ownerId;
    }

    /**
     * Acquires the lease of a stream, if nobody has it. Blocks for one call as a rule; if it has no usable answer, it is
     * repeated with the same lease id until the acquire time-out has passed.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @return the lease, or empty if somebody else has it, or an operator keeps the stream closed for a while
     * @throws CoordinatorUnavailableException if there was no usable answer in time. If the lease was granted after
     *     all, it is released in the background
     * @throws CoordinatorRefusedException if the coordinator refused the call, as for a stream id that is not printable
     * @throws IllegalArgumentException if the stream id has over 255 characters, or half of a surrogate pair
     * @throws IllegalStateException if this client is closed
     */
    public Optional<HeldLease> tryAcquire(String streamId) {
        Objects.requireNonNull(streamId, "streamId");
        requireSendable(streamId);
        if (!acquiring.tryAcquire()) {
            throw new IllegalStateException("The client is closed");
        }
        try {
            if (closed.get()) {
                throw new IllegalStateException("The client is closed");
            }
            return acquire(streamId);
        } finally {
            acquiring.release();
        }
    }

    /** Before it is put together with other calls: it would fail them all, as it makes their request none or too long. */
    private static void requireSendable(String streamId) {
        if (streamId.codePointCount(0, streamId.length()) > MAX_ID_LENGTH) {
            throw new IllegalArgumentException("streamId has over " + MAX_ID_LENGTH + " characters");
        }
        CoordinatorApiClient.requireEncodable(streamId);
    }

    private Optional<HeldLease> acquire(String streamId) {
        long began = runtime.nanoTime();
        LeaseKey key = new LeaseKey(streamId, runtime.newLeaseId());
        // A call without an answer may still be granted, whatever the calls after it are answered.
        boolean mayBeGranted = false;
        try {
            while (true) {
                long sent = runtime.nanoTime();
                Optional<LeaseCalls.Grant> grant;
                try {
                    grant = acquires.acquire(key, ownerId, ttl);
                } catch (CoordinatorUnavailableException e) {
                    // Not by a refusal, but by an earlier try all the same.
                    mayBeGranted |= !e.isTooMany();
                    if (!waitBeforeRetry(began, e.retryAfter())) {
                        throw e;
                    }
                    continue;
                } catch (CoordinatorRefusedException e) {
                    if (e.status() != 409 || !waitBeforeRetry(began, Duration.ZERO)) {
                        throw e;
                    }
                    // The id is used: an earlier try was granted, and the lease ran out before this one.
                    key = new LeaseKey(streamId, runtime.newLeaseId());
                    mayBeGranted = false;
                    continue;
                }
                Duration took = Duration.ofNanos(runtime.nanoTime() - began);
                if (grant.isEmpty()) {
                    keeper.tell(to -> to.denied(streamId, took));
                    return Optional.empty();
                }
                Optional<HeldLease> lease = keeper.keep(key, grant.get(), sent);
                mayBeGranted = lease.isEmpty();
                if (lease.isEmpty()) {
                    throw new CoordinatorUnavailableException(
                            "The grant of stream " + streamId + " took longer than it is good for", null);
                }
                keeper.tell(to -> to.acquired(streamId, grant.get().fencingToken(), took));
                return lease;
            }
        } finally {
            if (mayBeGranted) {
                keeper.releaseLater(key);
            }
        }
    }

    /** Returns whether there is time for another try, after having waited for it. */
    private boolean waitBeforeRetry(long began, Duration atLeast) {
        long wait = Math.max(RETRY_ACQUIRE_AFTER.toNanos(), atLeast.toNanos());
        if (closed.get() || runtime.nanoTime() - began + wait >= acquireTimeout.toNanos()) {
            return false;
        }
        try {
            runtime.sleep(wait);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Does work on this thread under the lease of a stream, if nobody has it, and releases the lease after. When the
     * lease is lost, the thread is interrupted; the interruption is withdrawn when the work has returned. The work may call
     * this itself, of this client or of another: if the outer lease is lost meanwhile, the thread is interrupted (again)
     * when the inner call ends.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @param work the work
     * @param <T> what the work results in; not null
     * @return the result, or empty if somebody else has the stream
     * @throws LeaseLostException if the lease was lost while the work was under way, whatever the work returned or threw
     * @throws CoordinatorUnavailableException as {@link #tryAcquire}
     * @throws Exception what the work throws
     */
    public <T> Optional<T> runWithLease(String streamId, LeaseWork<T> work) throws Exception {
        Optional<HeldLease> acquired = tryAcquire(streamId);
        if (acquired.isEmpty()) {
            return Optional.empty();
        }
        HeldLease lease = acquired.get();
        HeldLease.Use use = lease.use();
        Interruption interruption = Interruption.begin();
        lease.onTaken(interruption::interrupt);
        Throwable failure = null;
        T result = null;
        try {
            lease.requireSafe();
            result = work.run(lease);
        } catch (Throwable e) {
            failure = e;
        }
        interruption.end();
        try {
            use.close();
            lease.close();
        } finally {
            interruption.leave();
        }
        if (lease.isTaken() || lease.loss().isPresent()) {
            LeaseLostException lost = lease.over();
            if (failure != null) {
                lost.addSuppressed(failure);
            }
            throw lost;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (Exception) failure;
        }
        return Optional.of(Objects.requireNonNull(result, "The work returned null"));
    }

    /**
     * Closes leases of this client, as {@link HeldLease#close()} does, but with one call for each thousand.
     *
     * @param leases which; those that are closed or lost are left out
     */
    public void release(Collection<HeldLease> leases) {
        keeper.release(leases.stream().filter(HeldLease::endQuietly).toList());
    }

    /**
     * Ends all leases and the threads. No lease is safe any more, nor renewed. Closing again does nothing. In this order:
     *
     * <ol>
     *   <li>It waits for the acquires under way, for three request time-outs at most.
     *   <li>It interrupts the work under way in {@link #runWithLease}, which ends with a {@link LeaseLostException}.
     *   <li>It releases the leases that are not in use, with one call for each thousand. A lease is in use while work of
     *       {@link #runWithLease} goes on; while the handler of a session is opened, handles an event or closes; and from
     *       {@link HeldLease#use()} until that is closed.
     *   <li>It releases the others as soon as they are not in use any more, and waits for that for one request time-out.
     *   <li>It does not release what is in use after that: another worker would work beside this one. Such a lease runs out
     *       by itself. A warning in the log names its stream; no loss is told. If the work closes the lease later, nothing
     *       happens.
     *   <li>It tries releases again that had no usable answer, as after a 503 or a connection that was refused or broke:
     *       with pauses, for one request time-out. It waits as long for the releases that other threads have under way,
     *       and tries those again, too. The {@linkplain StreamLockListener#releaseUnknown listener} is told of the first
     *       try. Then the lease runs out by itself, and a warning in the log names its stream. So it does at once if the
     *       coordinator refuses the release, as with 401 or 403.
     * </ol>
     *
     * <p>It blocks for the sum of these. A call that is under way when a time ends goes on for its own time-outs, so that a
     * coordinator that takes calls and never answers holds up a client with the longest default of 5 s for a request by
     * about 40 s at worst: 15 s for acquires, and 5 s each for releases, for work, for the calls at the end of either, and
     * for the last tries. A coordinator that refuses connections holds it up for one request time-out as a rule.
     *
     * <p>Work may close the client of its own lease: that does not wait for this work, and the lease runs out.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // What is granted while the client closes must not outlive it. Time to get a connection, to connect and to be
        // answered; whoever is not done by then is cut off, and leaves it to the keeper to release.
        if (!awaitAcquires(3 * requestTimeout.toMillis())) {
            acquires.close();
            awaitAcquires(CUT_OFF.toMillis());
        }
        keeper.close();
        acquires.close();
        renewals.close();
        releases.close();
        keeper.awaitOthersReleases(CUT_OFF);
        ownExecutor.ifPresent(ExecutorService::shutdown);
    }

    private boolean awaitAcquires(long atMostMs) {
        try {
            return acquiring.tryAcquire(Integer.MAX_VALUE, atMostMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** {@code <host>-<pid>-<random>}: a container's pid is often 1, and a restarted pod may keep its name. */
    private static String newOwnerId() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            // A label, so any will do.
            host = "unknown";
        }
        return host + "-" + ProcessHandle.current().pid() + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }

    /** The settings of a {@link StreamLockClient}. Not thread-safe. */
    public static final class Builder {

        private final URI baseUri;
        private String ownerId;
        private Duration ttl = Duration.ofSeconds(30);
        private Duration heartbeatInterval;
        private Duration requestTimeout;
        private Duration acquireTimeout = Duration.ofSeconds(5);
        private String bearerToken;
        private Map<String, String> labels = Map.of();
        private SSLContext sslContext;
        private Executor callbackExecutor;
        private StreamLockListener listener = new StreamLockListener() {};

        private Builder(URI baseUri) {
            this.baseUri = Objects.requireNonNull(baseUri, "baseUri");
        }

        /** A label of this process, unique per process start; {@code <host>-<pid>-<random>} by default. */
        public Builder ownerId(String label) {
            this.ownerId = Objects.requireNonNull(label, "label");
            return this;
        }

        /** The length of leases, from 1 s to 24 h; 30 s by default. A crashed worker's streams are free after it. */
        public Builder ttl(Duration length) {
            this.ttl = Objects.requireNonNull(length, "length");
            return this;
        }

        /** How often leases are renewed, below the ttl; a third of the ttl by default. */
        public Builder heartbeatInterval(Duration interval) {
            this.heartbeatInterval = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /**
         * How long to wait for a connection, and for its answer, each; a quarter of the ttl by default, and 5 s at most.
         */
        public Builder requestTimeout(Duration timeout) {
            this.requestTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /** How long an acquire without an answer is repeated; 5 s by default. */
        public Builder acquireTimeout(Duration timeout) {
            this.acquireTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * What else operators shall see of the holder, such as its pod, region and build: up to 16 names of 1 to 63
         * characters, with values of up to 255; none by default.
         */
        public Builder labels(Map<String, String> namesAndValues) {
            this.labels = Map.copyOf(namesAndValues);
            return this;
        }

        /** Sent as {@code Authorization: Bearer} with every call; none by default. */
        public Builder bearerToken(String token) {
            this.bearerToken = Objects.requireNonNull(token, "token");
            return this;
        }

        /** Says which certificates to trust of a coordinator with an https URI; those that Java trusts by default. */
        public Builder sslContext(SSLContext trust) {
            this.sslContext = Objects.requireNonNull(trust, "trust");
            return this;
        }

        /** Runs the callbacks of {@link HeldLease#onLost}, never in the thread that submits; own threads by default. */
        public Builder callbackExecutor(Executor executor) {
            this.callbackExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Hears what the client does, for metrics. */
        public Builder listener(StreamLockListener hears) {
            this.listener = Objects.requireNonNull(hears, "hears");
            return this;
        }

        /**
         * Makes the client. Opens no connection yet.
         *
         * @throws IllegalArgumentException if a setting is out of its range, or the settings do not go together
         */
        public StreamLockClient build() {
            require(ttl.toMillis() >= 1000 && ttl.compareTo(Duration.ofDays(1)) <= 0, "ttl must be from 1 s to 24 h");
            require(isPositive(heartbeatInterval()), "heartbeatInterval must be positive");
            require(
                    heartbeatInterval().compareTo(ttl.minus(margin())) < 0,
                    "heartbeatInterval must be below the ttl less a tenth, or every lease is lost before it is"
                            + " renewed");
            require(isPositive(requestTimeout()), "requestTimeout must be positive");
            require(isPositive(acquireTimeout), "acquireTimeout must be positive");
            return new StreamLockClient(this, ClientRuntime.JVM, this::connect);
        }

        private LeaseCalls connect() {
            return new HttpLeaseCalls(
                    CoordinatorHttp.connect(
                            baseUri, requestTimeout(), requestTimeout(), Optional.ofNullable(sslContext)),
                    Optional.ofNullable(bearerToken),
                    labels);
        }

        private static boolean isPositive(Duration duration) {
            return duration.compareTo(Duration.ZERO) > 0;
        }

        private static void require(boolean holds, String what) {
            if (!holds) {
                throw new IllegalArgumentException(what);
            }
        }

        private Duration heartbeatInterval() {
            return heartbeatInterval == null ? ttl.dividedBy(3) : heartbeatInterval;
        }

        private Duration requestTimeout() {
            Duration quarter = ttl.dividedBy(4);
            Duration most = Duration.ofSeconds(5);
            return requestTimeout != null ? requestTimeout : quarter.compareTo(most) < 0 ? quarter : most;
        }

        /** Time to stop in, and for clocks of which one runs faster than the other: a tenth of the ttl. */
        private Duration margin() {
            return ttl.dividedBy(10);
        }
    }
}
