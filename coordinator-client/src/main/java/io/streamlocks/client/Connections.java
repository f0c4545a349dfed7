package io.streamlocks.client;

import java.time.Duration;

/**
 * The connections of a client. Each kind of call has its own, so that acquires and releases that hang do not hold up
 * renewals.
 */
record Connections(LeaseCalls acquires, LeaseCalls renewals, LeaseCalls releases, GroupCalls groups)
        implements AutoCloseable {

    static Connections open(Connector connector) {
        return new Connections(
                connector.leases(Duration.ZERO),
                connector.leases(Duration.ZERO),
                connector.leases(Duration.ZERO),
                connector.groups());
    }

    /** Ends the acquires and the calls of groups that are under way. */
    void cutOff() {
        acquires.close();
        groups.close();
    }

    @Override
    public void close() {
        cutOff();
        renewals.close();
        releases.close();
    }
}
