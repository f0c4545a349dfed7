package io.streamlocks.client;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** A client in a simulated process. Its calls go to group commit without HTTP. */
public final class SimulatedClient {

    /** The process of a client. */
    public interface Host {

        /** Returns the reading of a monotonic clock. */
        long nanoTime();

        /** Returns a number from 0 to 1. */
        double random();

        /** Returns a UUID that was not there before. */
        UUID newUuid();

        /** Returns the length of a lease whose acquire names none. */
        Duration defaultTtl();

        /** Returns the name of the process for the servers. */
        String caller();

        /** Returns a thread that is not started yet. */
        Thread newThread(String name, Runnable body);

        /** Sleeps as {@link Thread#sleep} does. */
        void sleep(long nanos) throws InterruptedException;

        /** Blocks the calling thread until it is unparked or interrupted, for so long at most. */
        void park(long nanos);

        /** Ends a park. */
        void unpark(Thread thread);

        /**
         * Makes a request to a server. This blocks until there is an answer.
         *
         * @throws RuntimeException if there is no usable answer
         */
        <O> List<O> call(Function<GroupCommit, CompletableFuture<List<O>>> request);

        /** Returns a new connection for calls that wait. */
        Connection connect();
    }

    /** A connection for calls that wait. */
    public interface Connection {

        /**
         * Acquires leases at a server, which waits for the first grant. This blocks until there is an answer.
         *
         * @param wait how long the server waits
         * @param patience how much longer this blocks at most
         * @throws RuntimeException if there is no usable answer
         */
        List<AcquireOutcome> acquire(List<AcquireRequest> requests, Duration wait, Duration patience);

        /** Ends the calls under way. */
        void close();
    }

    private SimulatedClient() {}

    /** Makes a client with these settings in a process. Its base URI has no meaning. */
    public static StreamLockClient create(StreamLockClient.Builder settings, Host host) {
        Runtime runtime = new Runtime(host);
        return new StreamLockClient(settings.settings(), runtime, new Connections(host, runtime));
    }

    private record Connections(Host host, ClientRuntime runtime) implements Connector {

        @Override
        public LeaseCalls acquires() {
            return new Calls(host, runtime);
        }

        @Override
        public LeaseCalls renewals() {
            return new Calls(host, runtime);
        }

        @Override
        public LeaseCalls releases() {
            return new Calls(host, runtime);
        }

        @Override
        public LeaseCalls waits(Duration wait) {
            return new Calls(host, runtime);
        }

        @Override
        public GroupCalls groups() {
            return new Members(host);
        }
    }

    private record Members(Host host) implements GroupCalls {

        private <T> T call(Function<Groups, T> call) {
            return Calls.answered(() ->
                            host.call(locks -> locks.group(host.caller(), call).thenApply(List::of)))
                    .get(0);
        }

        @Override
        public GroupMember.Standing report(String groupId, String ownerId, Report report) {
            Group group = call(groups -> groups.report(new MemberReport(
                            groupId, ownerId, report.held(), report.wanted(), report.capacity(), report.ttl())))
                    .orElseThrow();
            return new GroupMember.Standing(
                    group.members().size(),
                    group.held(),
                    group.wanted(),
                    group.shares().get(ownerId),
                    group.missing());
        }

        @Override
        public List<GroupMember.Share> shares(String groupId) {
            return call(groups -> groups.find(groupId)).stream()
                    .flatMap(group -> group.members().stream()
                            .map(member ->
                                    new GroupMember.Share(member.ownerId(), member.held(), group.shareOf(member))))
                    .toList();
        }

        @Override
        public void leave(String groupId, String ownerId) {
            call(groups -> groups.leave(groupId, ownerId));
        }

        @Override
        public void close() {
            // Each call has a connection of its own.
        }
    }

    private static final class Runtime extends ClientRuntime {
        private final Host host;

        Runtime(Host host) {
            this.host = host;
        }

        @Override
        long nanoTime() {
            return host.nanoTime();
        }

        @Override
        UUID newLeaseId() {
            return host.newUuid();
        }

        @Override
        double random() {
            return host.random();
        }

        @Override
        Thread newThread(String name, Runnable body) {
            return host.newThread(name, body);
        }

        @Override
        void sleep(long nanos) throws InterruptedException {
            host.sleep(nanos);
        }

        @Override
        void park(Object blocker) {
            host.park(Long.MAX_VALUE);
        }

        @Override
        void park(Object blocker, long nanos) {
            host.park(nanos);
        }

        @Override
        void unpark(Thread thread) {
            host.unpark(thread);
        }
    }

    private static final class Calls extends LeaseCalls {
        private final Host host;
        private final Connection connection;

        Calls(Host host, ClientRuntime runtime) {
            super(runtime);
            this.host = host;
            this.connection = host.connect();
        }

        private <O> List<O> call(Function<GroupCommit, CompletableFuture<List<O>>> request) {
            return answered(() -> host.call(request));
        }

        private static <O> List<O> answered(Supplier<List<O>> call) {
            try {
                return call.get();
            } catch (RuntimeException e) {
                throw new CoordinatorUnavailableException(
                        "There is no usable answer", Optional.empty(), Optional.of(e));
            }
        }

        @Override
        List<Acquired> acquireAll(List<Acquire> acquires, Duration wait) {
            List<AcquireRequest> requests = acquires.stream()
                    .map(acquire -> new AcquireRequest(
                            acquire.key().streamId(),
                            acquire.owner().id(),
                            acquire.key().leaseId(),
                            acquire.ttl().orElse(host.defaultTtl())))
                    .toList();
            List<AcquireOutcome> outcomes = wait.isZero()
                    ? call(locks -> locks.acquire(host.caller(), requests))
                    : answered(() -> connection.acquire(requests, wait, host.defaultTtl()));
            return outcomes.stream().map(Calls::acquired).toList();
        }

        private static Acquired acquired(AcquireOutcome outcome) {
            if (outcome instanceof AcquireOutcome.Granted granted) {
                return new Acquired.Granted(new Grant(
                        granted.lease().lock().fencingToken(),
                        granted.lease().lock().ttl(),
                        wholeMillis(granted.lease().lock().expiresIn()),
                        wholeMillis(granted.waited())));
            }
            if (outcome instanceof AcquireOutcome.LeaseIdUsed) {
                return new Acquired.Failed(new CoordinatorRefusedException(
                        "The lease id is used", 409, Optional.empty(), Optional.empty()));
            }
            return outcome instanceof AcquireOutcome.Blocked || outcome instanceof AcquireOutcome.Undecided
                    ? new Acquired.Failed(tryAgain())
                    : new Acquired.Held(
                            outcome instanceof AcquireOutcome.Held held
                                    ? Optional.of(held.holder().owner().id())
                                    : Optional.empty());
        }

        @Override
        List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
            List<RenewRequest> requests = keys.stream()
                    .map(key -> new RenewRequest(key.streamId(), key.leaseId(), length))
                    .toList();
            return call(locks -> locks.renew(host.caller(), requests)).stream()
                    .map(Calls::renewal)
                    .toList();
        }

        @Override
        void checkReady() {
            throw new AssertionError("Nothing asks whether the coordinator is ready");
        }

        /** Returns the failure of an item with status 503. */
        private static CoordinatorUnavailableException tryAgain() {
            return new CoordinatorUnavailableException(
                    "The stream is locked, or others went first", Optional.empty(), Optional.empty());
        }

        private static Renewal renewal(RenewOutcome outcome) {
            if (outcome instanceof RenewOutcome.Blocked || outcome instanceof RenewOutcome.Undecided) {
                return new Renewal.Unknown(tryAgain());
            }
            if (outcome instanceof RenewOutcome.Lost lost) {
                return new Renewal.Lost(reason(lost.reason()), lost.breakReason());
            }
            RenewOutcome.Renewed renewed = (RenewOutcome.Renewed) outcome;
            return new Renewal.Renewed(
                    renewed.lease().lock().fencingToken(),
                    wholeMillis(renewed.lease().lock().expiresIn()),
                    renewed.lease().lock().waiting());
        }

        @Override
        List<Release> releaseAll(List<LeaseKey> keys) {
            List<ReleaseRequest> requests = keys.stream()
                    .map(key -> new ReleaseRequest(key.streamId(), key.leaseId()))
                    .toList();
            return call(locks -> locks.release(host.caller(), requests)).stream()
                    .map(Calls::released)
                    .toList();
        }

        private static Release released(ReleaseOutcome outcome) {
            if (outcome instanceof ReleaseOutcome.Blocked || outcome instanceof ReleaseOutcome.Undecided) {
                return new Release.Unknown(tryAgain());
            }
            return outcome instanceof ReleaseOutcome.Lost lost
                    ? new Release.Lost(reason(lost.reason()))
                    : new Release.Released();
        }

        private static LossReason reason(io.streamlocks.coordinator.lock.LossReason reason) {
            return LossReason.valueOf(reason.name());
        }

        /** Rounds as the contract does. */
        private static Duration wholeMillis(Duration exact) {
            return Duration.ofMillis(exact.toMillis());
        }

        @Override
        public void close() {
            connection.close();
        }
    }
}
