package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews all leases of a client together, on a thread of its own, with one request for each thousand. A request without
 * an answer is repeated with pauses. Only {@link #close} ends the thread.
 */
final class Heartbeat {

    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    private final LeaseCalls renewals;

    /** The leases that are held. It is a live view of the keeper's map. */
    private final Collection<HeldLease> leases;

    private final Timing timing;
    private final Pace pace;
    private final Notices notices;
    private final ClientRuntime runtime;
    private final Thread thread;

    /** A time before the first lease. The thread can start later than that. */
    private final long startedNanos;

    /** Whether a lease was added that must be renewed before the next beat. */
    private volatile boolean sooner;

    private volatile boolean closed;

    Heartbeat(
            LeaseCalls renewals,
            Collection<HeldLease> leases,
            Timing timing,
            Notices notices,
            ClientRuntime runtime,
            long startedNanos) {
        this.renewals = renewals;
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
     * Moves the next beat forward, because the interval has become shorter. The flag is set before the thread is
     * unparked. So the thread either finds the flag before it parks, or its park ends at once and it finds the flag
     * then.
     */
    void beatSooner() {
        sooner = true;
        runtime.unpark(thread);
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
                timing.adapt(() -> leases.stream().map(HeldLease::length).min(Comparator.naturalOrder()));
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

    private void awaitBeat(long wakeNanos) {
        long untilNanos = wakeNanos;
        while (!closed) {
            if (sooner) {
                sooner = false;
                long soonNanos = runtime.nanoTime() + pace.nextNanos();
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
                .filter(lease -> lease.confirmedNanos() - sinceNanos < 0)
                .sorted((one, other) -> Long.signum(one.triedNanos() - other.triedNanos()))
                .toList();
        for (List<HeldLease> chunk : LeaseCalls.chunks(due, HeldLease::key)) {
            if (!renew(chunk)) {
                return false;
            }
        }
        return true;
    }

    private boolean renew(List<HeldLease> chunk) {
        long sent = runtime.nanoTime();
        chunk.forEach(lease -> lease.tried(sent));
        List<Renewal> outcomes;
        try {
            outcomes = renewals.renew(chunk.stream().map(HeldLease::key).toList());
        } catch (RuntimeException e) {
            tellRenewalUnknown(chunk.size(), e);
            return false;
        }
        int renewed = 0;
        List<RuntimeException> unknown = new ArrayList<>();
        for (int i = 0; i < chunk.size(); i++) {
            HeldLease lease = chunk.get(i);
            if (outcomes.get(i) instanceof Renewal.Renewed confirmed) {
                lease.confirmed(sent);
                lease.feed(new BeatOutcome.Renewed(lease.safeUntil(sent, confirmed.expiresIn())));
                renewed++;
            } else if (outcomes.get(i) instanceof Renewal.Lost lost) {
                lease.feed(new BeatOutcome.Lost(lost.reason(), lost.breakReason()));
            } else if (outcomes.get(i) instanceof Renewal.Unknown none) {
                unknown.add(none.cause());
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
