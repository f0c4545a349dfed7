package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Counts and times over all streams of a run. This class is not thread-safe. */
public final class Figures {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    /** A lease that is shorter than this part of the run is too small to see on the timeline. */
    private static final int TIMELINE_PARTS = 500;

    private final RunInfo run;
    private final List<Fault> faults;
    private final Map<String, Long> answers = new TreeMap<>();
    private final long[] perSecond;
    private final List<Double> takeovers = new ArrayList<>();
    private final List<Bar> bars = new ArrayList<>();

    /** For each fault and coordinator, the time of the first response after everything was back. */
    private final Map<Fault, Map<Integer, Long>> firstSuccess = new HashMap<>();

    private final Map<Fault, Long> allBack = new HashMap<>();

    private long operations;
    private long staleWrites;

    /**
     * Begins to count.
     *
     * @param run the time and ttl of the run
     * @param faults the faults of the run
     */
    public Figures(RunInfo run, List<Fault> faults) {
        this.run = run;
        this.faults = faults;
        this.perSecond = new long[(int) ((run.end() - run.start()) / SECOND) + 1];
        faults.stream().filter(fault -> fault.databaseBack() != 0).forEach(fault -> {
            firstSuccess.put(fault, new HashMap<>());
            allBack.put(fault, allBack(fault));
        });
    }

    /** Returns when the database was back, and everything else that had failed in the meantime. */
    private long allBack(Fault fault) {
        return faults.stream()
                .filter(other -> other != fault && other.start() < fault.end() && other.end() > fault.start())
                .mapToLong(Fault::end)
                .reduce(fault.databaseBack(), Math::max);
    }

    /** Adds the history of one stream. */
    public void add(StreamHistory history) {
        for (Call call : history.calls()) {
            operations++;
            answers.merge(
                    call.kind() + " " + call.answer() + (call.position() > 0 ? " with a position" : ""), 1L, Long::sum);
            long when = call.end() == 0 ? call.start() : call.end();
            if (!call.tellsNothing() && when >= run.start() && when < run.end()) {
                perSecond[(int) ((when - run.start()) / SECOND)]++;
            }
            if (call.kind() == Kind.PUBLISH && call.answer() == Answer.REFUSED) {
                staleWrites++;
            }
            // A read may succeed while writes fail, so it does not show that the database is back.
            if (call.via() > 0 && !call.tellsNothing() && !call.onlyReads()) {
                firstSuccess.forEach((fault, byCoordinator) -> {
                    if (call.end() > allBack.getOrDefault(fault, fault.databaseBack())) {
                        byCoordinator.merge(call.via(), call.end(), Math::min);
                    }
                });
            }
        }
        List<LeaseView> granted = history.leases().stream()
                .filter(LeaseView::isGranted)
                .sorted(Comparator.comparingLong(LeaseView::token))
                .toList();
        for (int i = 0; i < granted.size(); i++) {
            LeaseView lease = granted.get(i);
            LeaseView next = i + 1 < granted.size() ? granted.get(i + 1) : null;
            faults.stream()
                    .filter(fault ->
                            lease.owner().equals(fault.killed()) && isAlone(fault) && isLiveAt(lease, fault.start()))
                    .forEach(fault -> takeover(fault, next));
            draw(history.stream(), lease);
        }
    }

    /** Returns whether the lease was live for its holder, and the holder had not begun to release it. */
    private boolean isLiveAt(LeaseView lease, long moment) {
        return lease.shown().end() < moment
                && lease.calls().stream()
                        .anyMatch(call ->
                                call.showsLease() && call.end() < moment && call.start() + run.ttlNanos() > moment)
                && lease.calls().stream()
                        .noneMatch(call ->
                                call.start() < moment && (call.kind() == Kind.RELEASE || call.answer() == Answer.LOST));
    }

    /** Returns whether no other fault happens while the streams of the killed worker change hands. */
    private boolean isAlone(Fault fault) {
        return faults.stream()
                .noneMatch(other -> other != fault
                        && other.start() < fault.start() + run.ttlNanos() + SECOND
                        && other.end() > fault.start());
    }

    private void takeover(Fault fault, @Nullable LeaseView next) {
        long until = next == null ? run.end() : next.shown().end();
        // Without a next lease, the rest of the run may have been too short for a takeover.
        if (next != null || until - fault.start() > run.ttlNanos() + 2 * SECOND) {
            takeovers.add((until - fault.start()) / (double) SECOND);
        }
    }

    private void draw(String stream, LeaseView lease) {
        long from = lease.shown().end();
        long to = lease.firstRelease() != null
                ? lease.firstRelease().start()
                : lease.lastEnd().start() + run.ttlNanos();
        if (to - from > (run.end() - run.start()) / TIMELINE_PARTS) {
            bars.add(new Bar(stream, lease.owner(), from, to));
        }
    }

    /** Returns the number of all calls to coordinators and to the resource. */
    public long operations() {
        return operations;
    }

    /** Returns the number of calls by kind and answer. */
    public Map<String, Long> answers() {
        return answers;
    }

    /** Returns the number of stale writes that the fence refused. */
    public long staleWrites() {
        return staleWrites;
    }

    /** Returns the seconds from the kill of a holder to the next grant, for each stream that it held. */
    public List<Double> takeovers() {
        return takeovers;
    }

    /** Returns the leases that are long enough for a timeline. */
    public List<Bar> bars() {
        return bars;
    }

    /**
     * Returns the seconds until all coordinators served writes again, for each time that the database was away. They
     * begin when the database and everything else that had failed in the meantime was back.
     */
    public List<Double> databaseBacks(int coordinators) {
        List<Double> seconds = new ArrayList<>();
        firstSuccess.forEach((fault, byCoordinator) -> {
            long last = byCoordinator.size() < coordinators
                    ? run.end()
                    : byCoordinator.values().stream()
                            .mapToLong(Long::longValue)
                            .max()
                            .orElse(run.end());
            seconds.add((last - allBack.getOrDefault(fault, fault.databaseBack())) / (double) SECOND);
        });
        return seconds;
    }

    /** Returns the calls with a known result per second, over the seconds with no fault in them or just before. */
    public double undisturbedPerSecond() {
        long count = 0;
        int seconds = 0;
        for (int i = 0; i < perSecond.length - 1; i++) {
            long from = run.start() + i * SECOND;
            if (faults.stream().noneMatch(fault -> fault.start() < from + SECOND && fault.end() + SECOND > from)) {
                count += perSecond[i];
                seconds++;
            }
        }
        return seconds == 0 ? 0 : count / (double) seconds;
    }

    /** Returns the calls with a known result per second over the whole run. */
    public double perSecond() {
        long count = 0;
        for (long one : perSecond) {
            count += one;
        }
        return count * (double) SECOND / (run.end() - run.start());
    }
}
