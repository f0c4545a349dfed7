package io.streamlocks.client;

import java.time.Duration;

/** Opens connections to the coordinator. This is thread-safe. */
interface Connector {

    /**
     * Returns calls about leases, with connections of their own.
     *
     * @param wait how long the coordinator may wait before it answers; zero for calls that do not wait
     */
    LeaseCalls leases(Duration wait);

    /** Returns calls about groups, with connections of their own. */
    GroupCalls groups();
}
