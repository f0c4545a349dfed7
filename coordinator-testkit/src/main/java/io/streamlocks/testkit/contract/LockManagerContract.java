package io.streamlocks.testkit.contract;

import io.streamlocks.coordinator.lock.LockManager;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The contract of every {@link LockManager}. A test class of a backend extends it. Tests let time pass through the
 * methods of the fixture, never by waiting.
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
    void aWorkingBackendIsWritable() {
        locks().verifyWritable();
    }
}
