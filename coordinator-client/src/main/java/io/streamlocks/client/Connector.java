package io.streamlocks.client;

import java.time.Duration;

/**
 * Opens connections to the coordinator. Each kind of calls has connections of its own, so that calls that hang do not
 * hold up those of another kind. This is thread-safe.
 */
interface Connector {

    LeaseCalls acquires();

    LeaseCalls renewals();

    LeaseCalls releases();

    /**
     * Returns calls that wait.
     *
     * @param wait how long the coordinator may wait before it answers
     */
    LeaseCalls waits(Duration wait);

    GroupCalls groups();
}
