package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import javax.sql.DataSource;

/**
 * Leases in PostgreSQL, for any number of servers on one database. PostgreSQL's clock is the only clock.
 *
 * <p>This class is thread-safe. Each round trip is short and a transaction of its own. The data source must provide
 * connections to the primary in auto-commit mode and READ COMMITTED, with the {@link #SESSION_SETTINGS}, and with
 * {@code statement_timeout} and {@code lock_timeout} set, which bound how long a call blocks.
 *
 * <p>A call is one statement if all of its requests are carried out. A second one looks at the requests that were
 * refused. An acquire that finds its own lease needs a third, and a deadlock with a foreign transaction adds one.
 */
public final class PostgresLockManager implements LockManager {

    /** SQL that each connection of the data source must have run. The statements rely on these planner settings. */
    public static final String SESSION_SETTINGS = LockSql.SESSION_SETTINGS;

    /** SQL that each connection must have run in addition if no history shall be written. */
    public static final String WITHOUT_HISTORY = LockSql.WITHOUT_HISTORY;

    /**
     * Returns SQL that each connection must have run in addition if no lease shall be granted right after a fail-over.
     *
     * @param grace for how long no lease is granted after an epoch has begun; zero if leases are granted at once
     */
    public static String epochGrace(Duration grace) {
        return String.format(Locale.ROOT, "SET stream_locks.epoch_grace = '%d milliseconds'", grace.toMillis());
    }

    private final Pass<AcquireRequest, AcquireOutcome> acquires;
    private final Pass<RenewRequest, RenewOutcome> renewals;
    private final ReleaseChange ends;
    private final Pass<ReleaseRequest, ReleaseOutcome> releases;
    private final AcquiresWithReleases acquiresWithReleases;
    private final Pass<BreakRequest, BreakOutcome> breaks;
    private final OwnerBreak ownerBreak;
    private final PostgresQueues queues;
    private final PostgresHandOvers handOvers;
    private final PostgresReads reads;
    private final PostgresGroups groups;
    private final PostgresUpkeep upkeep;
    private final WriteCheck writeCheck;

    /**
     * Creates a lock manager that is not informed of connections that accept no writes.
     *
     * @param dataSource a pool; the caller closes it
     */
    public PostgresLockManager(DataSource dataSource) {
        this(dataSource, dataSource, () -> {});
    }

    /**
     * Creates a lock manager.
     *
     * @param dataSource a pool; the caller closes it
     * @param unpooled provides the connection on which this server listens for hand-overs
     * @param onReadOnly is called each time a connection accepts no writes, on the thread of the call, and must not
     *     block. The server of that connection has changed its role, so connections of the same age or older accept
     *     none either
     */
    public PostgresLockManager(DataSource dataSource, DataSource unpooled, Runnable onReadOnly) {
        Statements statements = new Statements(dataSource, onReadOnly);
        AcquireChange acquire = new AcquireChange(statements);
        UUID serverId = UUID.randomUUID();
        this.queues = new PostgresQueues(statements, acquire, serverId);
        this.handOvers = new PostgresHandOvers(statements, unpooled, serverId);
        this.acquires = new Pass<>(statements, acquire);
        this.renewals = new Pass<>(statements, new RenewChange(statements));
        this.ends = new ReleaseChange(statements, handOvers);
        this.releases = new Pass<>(statements, ends);
        this.acquiresWithReleases =
                new AcquiresWithReleases(statements, acquires, releases, AcquiresWithReleases.LOCK_TIMEOUT);
        this.breaks = new Pass<>(statements, new BreakChange(statements));
        this.ownerBreak = new OwnerBreak(statements);
        this.reads = new PostgresReads(statements, new PostgresHistory(statements), queues);
        this.groups = new PostgresGroups(statements);
        this.upkeep = new PostgresUpkeep(statements);
        this.writeCheck = new WriteCheck(statements, onReadOnly);
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return acquires.decide(requests);
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return renewals.decide(requests);
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return withdrawn(requests, releases.decide(requests));
    }

    @Override
    public Outcomes acquireAndRelease(List<AcquireRequest> acquire, List<ReleaseRequest> release) {
        // A release that hands a stream over also looks up who was granted it, in a transaction of its own.
        boolean isShared = release.size() <= AcquiresWithReleases.MOST_RELEASES && !ends.isAwaited(release);
        return (isShared ? acquiresWithReleases.decide(acquire, release) : Optional.<Outcomes>empty())
                .map(both -> new Outcomes(both.acquired(), withdrawn(release, both.released())))
                .orElseGet(() -> new Outcomes(
                        Collections.nCopies(acquire.size(), new AcquireOutcome.Undecided()), release(release)));
    }

    /** Removes the places of the leases that are not known, because they may be those of callers that wait. */
    private List<ReleaseOutcome> withdrawn(List<ReleaseRequest> requests, List<ReleaseOutcome> outcomes) {
        List<Integer> unknown = IntStream.range(0, outcomes.size())
                .filter(i -> outcomes.get(i) instanceof ReleaseOutcome.Lost lost && lost.reason() == LossReason.UNKNOWN)
                .boxed()
                .toList();
        if (!unknown.isEmpty()) {
            List<Optional<ReleaseOutcome>> withdrawn =
                    queues.withdraw(unknown.stream().map(requests::get).toList());
            for (int i = 0; i < unknown.size(); i++) {
                int index = unknown.get(i);
                withdrawn.get(i).ifPresent(outcome -> outcomes.set(index, outcome));
            }
        }
        return outcomes;
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        return queues.queue(requests);
    }

    @Override
    public List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        return queues.leave(requests);
    }

    @Override
    public void advance(List<String> streamIds) {
        queues.advance(streamIds);
    }

    @Override
    public List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        return queues.look(streams, horizon);
    }

    @Override
    public List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        return queues.withoutPlace(requests);
    }

    @Override
    public HandOvers handOvers() {
        return handOvers;
    }

    @Override
    public List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        return breaks.decide(requests);
    }

    @Override
    public int breakOwner(String ownerId, Breaking breaking) {
        return ownerBreak.breakOwner(ownerId, breaking);
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return reads.find(streamId);
    }

    @Override
    public LockReads reads() {
        return reads;
    }

    @Override
    public Groups groups() {
        return groups;
    }

    @Override
    public Map<String, Long> liveLeases() {
        return upkeep.liveLeases();
    }

    @Override
    public int purge(Duration idleFor) {
        return upkeep.purge(idleFor);
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        return upkeep.purgeHistory(endedFor);
    }

    @Override
    public void verifyWritable() {
        writeCheck.verifyWritable();
    }
}
