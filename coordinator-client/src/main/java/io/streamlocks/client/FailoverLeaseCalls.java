package io.streamlocks.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * {@link LeaseCalls} to whichever server works.
 *
 * <p>A call that waits may hang for longer than its places in the queues live. So it is not the call that tries a
 * server that failed: one that does not wait does that first, with shorter time-outs. The time that this takes, and the
 * time to connect to others, is taken off the wait.
 *
 * <p>This class is thread-safe.
 */
final class FailoverLeaseCalls extends LeaseCalls {

    private final Servers servers;
    private final List<LeaseCalls> calls;
    private final List<LeaseCalls> tries;
    private final ClientRuntime runtime;

    /** The server of the latest call. */
    private volatile int latest;

    private volatile boolean closed;

    /**
     * @param servers chooses one
     * @param calls those to each of the servers, in their order
     * @param tries the same, for what tries a server before a call waits there; another object closes them
     */
    FailoverLeaseCalls(Servers servers, List<LeaseCalls> calls, List<LeaseCalls> tries, ClientRuntime runtime) {
        super(runtime);
        this.servers = servers;
        this.calls = calls;
        this.tries = tries;
        this.runtime = runtime;
    }

    @Override
    List<Acquired> acquireAll(List<Acquire> acquires, Duration wait) {
        return servers.call(
                (server, isTry, spent) -> {
                    Duration left = wait.minus(spent);
                    if (isTry && !wait.isZero()) {
                        long sentNanos = runtime.nanoTime();
                        List<Acquired> tried = tries.get(server).acquireAll(acquires, Duration.ZERO);
                        if (!tried.stream().allMatch(Acquired.Held.class::isInstance)) {
                            return tried;
                        }
                        left = left.minusNanos(runtime.nanoTime() - sentNanos);
                    }
                    latest = server;
                    return calls.get(server).acquireAll(acquires, left.isNegative() ? Duration.ZERO : left);
                },
                () -> closed);
    }

    @Override
    List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
        return servers.call((server, isTry, spent) -> calls.get(server).renew(keys, length), () -> closed);
    }

    @Override
    List<Release> releaseAll(List<LeaseKey> keys) {
        return servers.call((server, isTry, spent) -> calls.get(server).releaseAll(keys), () -> closed);
    }

    @Override
    void checkReady() {
        servers.call(
                (server, isTry, spent) -> {
                    calls.get(server).checkReady();
                    return true;
                },
                () -> closed);
    }

    @Override
    void abandon(Duration late, CoordinatorUnavailableException why) {
        // The call itself fails only later, and the next one must not go to the same server.
        servers.failed(latest, runtime.nanoTime() - late.toNanos(), why);
        close();
    }

    @Override
    public void close() {
        closed = true;
        calls.forEach(LeaseCalls::close);
    }
}
