package io.streamlocks.testkit.contract;

import io.streamlocks.coordinator.lock.LockManager;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * What every {@link LockManager} does, whatever stores its leases and however it is called. A backend runs it by
 * extending it; time passes where a test says so and never by waiting.
 */
public abstract class LockManagerContract
        implements AcquireContract,
                RenewContract,
                ReleaseContract,
                ReadContract,
                BatchContract,
                PurgeContract,
                HistoryContract,
                RaceContract {

    private final String stream = "stream-" + UUID.randomUUID();

    @Override
    public String stream() {
        return stream;
    }

    @Test
    void aBackendThatWorksTakesWrites() {
        locks().verifyWritable();
    }
}
