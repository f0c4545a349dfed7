package io.streamlocks.proof.abuse.attack;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/** Without a token, 11,500 connections send one byte of a request head every 1.5 s, and never its end. */
final class SlowHeads implements Attack {

    private static final int CONNECTIONS = 11_500;
    private static final Duration EVERY = Duration.ofMillis(1500);

    /** The number of files that the process needs for everything else. */
    private static final int OTHER_FILES = 500;

    private final int addresses;

    SlowHeads(int addresses) {
        this.addresses = addresses;
    }

    @Override
    public void run(Target target) throws InterruptedException {
        long most =
                ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getMaxFileDescriptorCount();
        int connections = (int) Math.min(CONNECTIONS, most - OTHER_FILES);
        target.tally().add(connections + " connections at once");
        new SlowConnections(
                        connections,
                        addresses,
                        Requests.ascii("GET /v1/locks HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
                        new byte[] {'a'},
                        EVERY,
                        true)
                .run(target);
    }
}
