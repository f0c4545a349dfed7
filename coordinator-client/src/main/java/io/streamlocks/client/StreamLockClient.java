package io.streamlocks.client;

import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;

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

    private final ClientCalls calls;
    private final Admission admission;
    private final Acquirer acquirer;
    private final Waiters waiters;
    private final LeaseKeeper keeper;
    private final ClientSettings settings;
    private final ClientRuntime runtime;
    private final Optional<ExecutorService> ownExecutor;

    /** Makes a client with these settings, which belong to it alone. */
    StreamLockClient(ClientSettings settings, ClientRuntime runtime, Connector connector) {
        this.runtime = runtime;
        this.admission = new Admission(runtime);
        this.settings = settings;
        Timing timing = settings.timing();
        this.ownExecutor = settings.callbackExecutor().isPresent()
                ? Optional.empty()
                : Optional.of(ClientRuntime.newCallbackExecutor());
        Executor executor = settings.callbackExecutor().or(() -> ownExecutor).orElseThrow();
        this.calls = ClientCalls.of(connector);
        Notices notices = new Notices(settings.listeners(), executor, runtime);
        this.keeper = new LeaseKeeper(calls.renewals(), calls.releases(), timing, notices, runtime);
        LeaseTerms terms = new LeaseTerms(settings.owner(), timing.ttl(), true);
        this.acquirer = new Acquirer(calls.acquires(), keeper, terms, timing, runtime, admission);
        this.waiters =
                new Waiters(() -> connector.waits(Waiter.LONGEST_CALL), keeper, terms, timing, runtime, admission);
    }

    /**
     * Begins to set up a client.
     *
     * <p>With several addresses, the client prefers one of them at random, goes to another one while that gives no
     * usable answer, and later comes back. It repeats calls with the same lease ids, so no lease depends on one server.
     *
     * @param uri where the coordinator is, such as {@code http://coordinator:8080}; a host may have an underscore
     * @param more where its other servers are, each with the same storage
     */
    public static Builder builder(URI uri, URI... more) {
        return new Builder(uri, more);
    }

    /** Returns the label under which this process holds its leases. */
    public String ownerId() {
        return settings.owner().id();
    }

    /**
     * Acquires the lease of a stream, if no other owner has it. This blocks for one call as a rule. If a call has no
     * usable answer, the client repeats it with the same lease id until the acquire time-out has passed.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @return the lease; empty if another owner has it, or an operator keeps the stream closed for a while
     * @throws CoordinatorUnavailableException if there was no usable answer in time. If the lease was granted after
     *     all, the client releases it in the background
     * @throws CoordinatorRefusedException if the coordinator refused the call, such as for an id that is not printable
     * @throws IllegalArgumentException if the stream id has over 255 characters, or half of a surrogate pair
     * @throws IllegalStateException if this client is closed
     */
    public Optional<HeldLease> tryAcquire(String streamId) {
        return tryAcquire(streamId, AcquireOptions.defaults());
    }

    /**
     * Acquires the lease of a stream as {@link #tryAcquire(String)} does, with options of its own.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @param options how the lease differs from the others of this client
     * @return the lease; empty if another owner has it, or an operator keeps the stream closed for a while
     */
    public Optional<HeldLease> tryAcquire(String streamId, AcquireOptions options) {
        return acquirer.tryAcquire(Objects.requireNonNull(streamId, "streamId"), options);
    }

    /**
     * Acquires the lease of a stream, and waits for it while another owner has it. The coordinator grants a stream in
     * the order of arrival. This blocks for at most the given time, and a few seconds more if the coordinator does not
     * answer. A wait costs one call for each 20 s.
     *
     * <p>If the thread is interrupted, this returns empty at once, and the thread stays interrupted. When it returns
     * without a lease, the client gives up the place in the queue.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @param atMost the longest time to wait, not negative
     * @return the lease; empty if the time is up
     * @throws CoordinatorUnavailableException if there was no usable answer when the time was up. If the lease was
     *     granted after all, the client releases it in the background
     * @throws CoordinatorRefusedException as {@link #tryAcquire}
     * @throws IllegalArgumentException as {@link #tryAcquire}, and if the time is negative
     * @throws IllegalStateException if this client is closed, also while this waits
     */
    public Optional<HeldLease> acquire(String streamId, Duration atMost) {
        return acquire(streamId, atMost, AcquireOptions.defaults());
    }

    /**
     * Acquires the lease of a stream as {@link #acquire(String, Duration)} does, with options of its own.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @param atMost the longest time to wait, not negative
     * @param options how the lease differs from the others of this client
     */
    public Optional<HeldLease> acquire(String streamId, Duration atMost, AcquireOptions options) {
        try (Waiter waiter = waiters.newWaiter(options)) {
            return waiter.await(List.of(streamId), atMost).stream().findFirst();
        }
    }

    /**
     * Acquires the lease of at least one of these streams, and waits while other owners have all of them. This is one
     * call for all streams. It blocks, ends and fails as {@link #acquire} does. When it returns, the client gives up its
     * places in the queues of the streams that it was not granted. A {@link #newWaiter() waiter} keeps them.
     *
     * @param streamIds the streams, from 1 to 1000
     * @param atMost the longest time to wait, not negative
     * @return the leases that were granted, which can be several; empty if the time is up
     * @throws CoordinatorRefusedException if the coordinator refused one of the streams and has granted none
     * @throws IllegalArgumentException as {@link #acquire}, and if there are no streams or too many
     */
    public List<HeldLease> acquireAny(Collection<String> streamIds, Duration atMost) {
        try (Waiter waiter = newWaiter()) {
            return waiter.await(streamIds, atMost);
        }
    }

    /**
     * Returns a new waiter, which keeps its places in queues from one wait to the next. Close it.
     *
     * @throws IllegalStateException if this client is closed
     */
    public Waiter newWaiter() {
        return waiters.newWaiter();
    }

    /**
     * Returns the membership of this process in a group of workers that share streams. It makes no call.
     *
     * @param groupId the group, 1 to 255 printable characters
     * @throws IllegalArgumentException if the id is empty or too long, or has half of a surrogate pair
     */
    public GroupMember group(String groupId) {
        return new GroupMember(groupId, ownerId(), calls.groups(), acquirer, settings.timing(), admission);
    }

    /**
     * Returns if the coordinator is ready to serve calls. This needs no rights, and so suits a health check. It blocks
     * for at most the given time.
     *
     * @throws CoordinatorUnavailableException if the coordinator does not answer in that time, or is not ready
     * @throws IllegalStateException if this client is closed
     */
    public void requireReady(Duration atMost) {
        acquirer.requireReady(atMost);
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
        return WorkUnderLease.run(tryAcquire(streamId), work);
    }

    /**
     * Does the same after a wait for the lease as in {@link #acquire}, and also throws the exceptions of that method.
     *
     * @param streamId the stream, 1 to 255 printable characters
     * @param atMost the longest time to wait for the lease, not negative
     * @param work the work
     * @return the result; empty if the time is up
     */
    public <T, X extends Exception> Optional<T> runWithLease(String streamId, Duration atMost, LeaseWork<T, X> work)
            throws X {
        return WorkUnderLease.run(acquire(streamId, atMost), work);
    }

    /**
     * Closes leases of this client, as {@link HeldLease#close()} does, but with one call for each thousand. It leaves
     * out those that are closed or lost.
     */
    public void release(Collection<HeldLease> leases) {
        keeper.release(leases);
    }

    /**
     * Ends all leases and the threads. No lease is safe any more, and none is renewed. Closing again does nothing. The
     * client does this in order:
     *
     * <ol>
     *   <li>It ends the waits under way, and waits for the acquires under way, for three request time-outs at most.
     *   <li>It interrupts the work under way in {@link #runWithLease}, which ends with a {@link LeaseLostException}.
     *   <li>It gives up the places in queues, and releases the leases that are not in use, with one call for each
     *       thousand. A lease is in use during the work of {@link #runWithLease}, during each call of a session's
     *       handler, and from {@link HeldLease#use()} until that use is closed.
     *   <li>It releases the others as soon as they are not in use any more. It waits for that for one request time-out.
     *   <li>It does not release the leases that are in use after that: another worker would work beside this one. Such
     *       a lease runs out by itself. A warning in the log names its stream, and there is no loss. If the work closes
     *       the lease later, nothing happens.
     *   <li>It repeats releases that had no usable answer, with pauses, for one request time-out, and for two seconds
     *       those of waits and acquires that it has cut off and that may still arrive. It waits one request time-out
     *       for the releases that other threads have under way, and repeats those, too. The {@linkplain
     *       StreamLockListener#releaseUnknown listener} receives the first try. Then the lease runs out by itself, and
     *       a warning in the log names its stream. If the coordinator refuses a release, as with 401 or 403, that
     *       happens at once.
     * </ol>
     *
     * <p>This blocks for the sum of these times. A call that is under way when a time ends goes on for its own
     * time-outs. A coordinator that takes calls and never answers holds up a client with a request time-out of 5 s, the
     * longest default, for about 40 s at worst: 15 s for acquires, and 5 s each for releases, for work, for the calls
     * at the end of either, and for the last tries. One that refuses connections holds it up for one request time-out.
     *
     * <p>Work may close the client of its own lease. That does not wait for this work, and the lease runs out.
     */
    @Override
    public void close() {
        if (!admission.close()) {
            return;
        }
        waiters.close();
        // That is the time to get a connection, to connect, and to have an answer. The keeper releases after it.
        if (!admission.awaitEnd(settings.timing().requestTimeout().multipliedBy(3))) {
            calls.cutOffAcquires();
            admission.awaitEnd(CUT_OFF);
        }
        keeper.close();
        calls.close();
        keeper.awaitOthersReleases(CUT_OFF);
        ownExecutor.ifPresent(ExecutorService::shutdown);
    }

    ClientRuntime runtime() {
        return runtime;
    }

    boolean isClosed() {
        return admission.isClosed();
    }

    /** The settings of a {@link StreamLockClient}. This class is not thread-safe. */
    public static final class Builder extends ClientOptions<Builder> {

        private Builder(URI uri, URI... more) {
            super(uri, more);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Makes the client. It opens no connection yet.
         *
         * @throws IllegalArgumentException if a setting is out of its range, or the settings do not go together
         */
        public StreamLockClient build() {
            ClientSettings settings = settings();
            return new StreamLockClient(settings, ClientRuntime.JVM, new HttpConnector(settings, ClientRuntime.JVM));
        }
    }
}
