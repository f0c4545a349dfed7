package io.streamlocks.client;

import java.time.Duration;

/**
 * Opens connections to the coordinator. What each method returns has connections of its own, and learns by itself which
 * servers work, so that calls of one kind that hang do not hold up others. This is thread-safe.
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
