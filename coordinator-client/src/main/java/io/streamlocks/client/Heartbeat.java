package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Renewal;
import io.streamlocks.client.LeaseLength.Sending;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews together all leases of a client that are to be renewed, on a thread of its own, with one request per thousand.
 * A request without an answer is repeated with pauses. Only {@link #close} ends the thread.
 */
final class Heartbeat {

    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    private final LeaseCalls renewals;

    private final RenewalOutcomes outcomes;

    /** The leases that are held. It is a live view of the keeper's map. */
    private final Collection<HeldLease> leases;

    private final Timing timing;
    private final Pace pace;
    private final Notices notices;
    private final ClientRuntime runtime;
    private final Thread thread;

    /** A time before the first lease. The thread can start later than that. */
    private final long startedNanos;

    /**
     * When a lease was granted that cannot wait for the next beat; the earliest, if there are several. Null if there is
     * none.
     */
    private final AtomicReference<@Nullable Long> sooner = new AtomicReference<>();

    /** It is done when leases have been renewed. The heartbeat's thread alone replaces it. */
    private volatile CompletableFuture<Void> renewed = new CompletableFuture<>();

    private volatile boolean closed;

    Heartbeat(
            LeaseCalls renewals,
            RenewalOutcomes outcomes,
            Collection<HeldLease> leases,
            Timing timing,
            Notices notices,
            ClientRuntime runtime,
            long startedNanos) {
        this.renewals = renewals;
        this.outcomes = outcomes;
        this.leases = leases;
        this.timing = timing;
        this.pace = new Pace(timing, runtime);
        this.notices = notices;
        this.runtime = runtime;
        this.startedNanos = startedNanos;
        this.thread = runtime.newThread("stream-lock-heartbeat", this::beatUntilClosed);
    }

    void start() {
        thread.start();
    }

    /**
     * Moves the next beat forward, for a lease that was granted late or is shorter than those before. The time is set
     * before the thread is unparked. So the thread either finds the time before it parks, or its park ends at once and
     * it finds the time then.
     *
     * @param bornNanos when the lease was granted, at the latest
     */
    void beatSooner(long bornNanos) {
        sooner.accumulateAndGet(bornNanos, (one, other) -> one == null || other - one < 0 ? other : one);
        runtime.unpark(thread);
    }

    /** Returns a future that is done when leases have next been renewed. It never fails. */
    CompletableFuture<Void> nextRenewal() {
        return renewed;
    }

    private void beatUntilClosed() {
        // A beat is over when every lease is confirmed that was not confirmed since the beat began.
        long beganNanos = startedNanos;
        long wakeNanos = beganNanos + pace.nextNanos();
        int failures = 0;
        while (!closed) {
            try {
                awaitBeat(wakeNanos);
                if (closed) {
                    return;
                }
                timing.adapt(this::shortestLength);
                long now = runtime.nanoTime();
                if (failures == 0 || now - beganNanos >= timing.interval().toNanos()) {
                    beganNanos = now;
                }
                boolean answered = renewThoseNotConfirmedSince(beganNanos);
                failures = answered ? 0 : failures + 1;
                wakeNanos = answered ? beganNanos + pace.nextNanos() : runtime.nanoTime() + pace.retryNanos(failures);
            } catch (Throwable e) {
                Notices.surviving("heartbeat", e);
                failures++;
                wakeNanos = runtime.nanoTime() + pace.retryNanos(failures);
            }
        }
    }

    private Optional<Duration> shortestLength() {
        return leases.stream()
                .filter(HeldLease::isRenewed)
                .map(lease -> lease.life().shortestLength())
                .min(Comparator.naturalOrder());
    }

    private void awaitBeat(long wakeNanos) {
        long untilNanos = wakeNanos;
        while (!closed) {
            @Nullable Long bornNanos = sooner.getAndSet(null);
            if (bornNanos != null) {
                long soonNanos = bornNanos + pace.nextNanos();
                untilNanos = soonNanos - untilNanos < 0 ? soonNanos : untilNanos;
            }
            long left = untilNanos - runtime.nanoTime();
            if (left <= 0) {
                return;
            }
            runtime.parkOwn(this, left);
        }
    }

    /** Returns whether all leases that are due had an answer. */
    private boolean renewThoseNotConfirmedSince(long sinceNanos) {
        // The leases that were tried last come last. Otherwise a call that hangs each time would hold up the others.
        List<HeldLease> due = leases.stream()
                .filter(lease -> lease.isRenewed() && lease.confirmedNanos() - sinceNanos < 0)
                .sorted((one, other) -> Long.signum(one.triedNanos() - other.triedNanos()))
                .toList();
        for (List<HeldLease> chunk : LeaseCalls.chunks(due, HeldLease::key)) {
            if (!renew(chunk)) {
                return false;
            }
        }
        if (!due.isEmpty()) {
            CompletableFuture<Void> done = renewed;
            renewed = new CompletableFuture<>();
            done.complete(null);
        }
        return true;
    }

    private boolean renew(List<HeldLease> chunk) {
        long sent = runtime.nanoTime();
        chunk.forEach(lease -> lease.tried(sent));
        List<Sending> sendings =
                chunk.stream().map(lease -> lease.life().renews()).toList();
        List<Renewal> answers;
        try {
            answers = renewals.renew(chunk.stream().map(HeldLease::key).toList());
        } catch (RuntimeException e) {
            tellRenewalUnknown(chunk.size(), e);
            return false;
        }
        int renewed = 0;
        List<RuntimeException> unknown = new ArrayList<>();
        for (int i = 0; i < chunk.size(); i++) {
            HeldLease lease = chunk.get(i);
            if (outcomes.take(lease, sendings.get(i), sent, answers.get(i), unknown)) {
                lease.confirmed(sent);
                renewed++;
            }
        }
        int count = renewed;
        Duration took = Duration.ofNanos(runtime.nanoTime() - sent);
        notices.tell(to -> to.renewed(count, took));
        if (!unknown.isEmpty()) {
            tellRenewalUnknown(unknown.size(), unknown.get(0));
        }
        return unknown.isEmpty();
    }

    private void tellRenewalUnknown(int count, RuntimeException cause) {
        if (!closed) {
            LOG.warn("{} leases were not renewed, trying again: {}", count, cause.toString());
            notices.tell(to -> to.renewalUnknown(count, cause));
        }
    }

    /** Ends the thread. */
    void close() {
        closed = true;
        runtime.unpark(thread);
    }
}
