package io.streamlocks.client;

/**
 * The calls of a client that do not wait.
 *
 * @param acquires the calls that acquire
 * @param renewals the calls of the heartbeat
 * @param releases the calls that release and extend
 * @param groups the calls to groups
 */
record ClientCalls(LeaseCalls acquires, LeaseCalls renewals, LeaseCalls releases, GroupCalls groups)
        implements AutoCloseable {

    static ClientCalls of(Connector connector) {
        return new ClientCalls(connector.acquires(), connector.renewals(), connector.releases(), connector.groups());
    }

    /** Ends the acquires and the calls to groups that are under way. */
    void cutOffAcquires() {
        acquires.close();
        groups.close();
    }

    @Override
    public void close() {
        cutOffAcquires();
        renewals.close();
        releases.close();
    }
}
