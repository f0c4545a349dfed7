package io.streamlocks.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@link LeaseCalls} to whichever server works. This class is thread-safe. */
final class FailoverLeaseCalls extends LeaseCalls {

    private final Servers servers;
    private final List<LeaseCalls> calls;
    private final ClientRuntime runtime;

    /** The server of the latest call, and when that began. */
    private volatile Latest latest = new Latest(0, 0);

    private record Latest(int server, long beganNanos) {}

    /**
     * @param servers chooses one
     * @param calls those to each of the servers, in their order
     */
    FailoverLeaseCalls(Servers servers, List<LeaseCalls> calls, ClientRuntime runtime) {
        super(runtime);
        this.servers = servers;
        this.calls = calls;
        this.runtime = runtime;
    }

    private LeaseCalls of(int server) {
        latest = new Latest(server, runtime.nanoTime());
        return calls.get(server);
    }

    @Override
    List<Acquired> acquireAll(List<Acquire> acquires, Duration wait) {
        return servers.call(server -> of(server).acquireAll(acquires, wait));
    }

    @Override
    List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
        return servers.call(server -> of(server).renew(keys, length));
    }

    @Override
    List<Release> releaseAll(List<LeaseKey> keys) {
        return servers.call(server -> of(server).releaseAll(keys));
    }

    @Override
    void checkReady() {
        servers.call(server -> {
            calls.get(server).checkReady();
            return true;
        });
    }

    @Override
    void abandon(CoordinatorUnavailableException why) {
        // The call that hangs fails only after this, and the next one must not go to the same server.
        servers.failed(latest.server(), latest.beganNanos(), why);
        close();
    }

    @Override
    public void close() {
        calls.forEach(LeaseCalls::close);
    }
}
