package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The storage as one life of a server has it: with reports of its own, and out of reach after its crash. */
final class ServerStorage extends ForwardingLocks {

    private final SimulatedStorage storage;
    private final Reports reports;

    ServerStorage(SimulatedStorage storage, Reports reports) {
        this.storage = storage;
        this.reports = reports;
    }

    @Override
    protected LockManager next() {
        return storage;
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        return storage.queue(requests, reports);
    }

    @Override
    public List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        requireLife();
        return storage.look(
                storage.looksOnlyAtReports()
                        ? streams.stream()
                                .filter(stream -> reports.isReported(stream.streamId()))
                                .toList()
                        : streams,
                horizon);
    }

    @Override
    public void advance(List<String> streamIds) {
        requireLife();
        storage.advance(streamIds);
    }

    @Override
    public List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        requireLife();
        return storage.withoutPlace(requests);
    }

    private void requireLife() {
        if (reports.isClosed()) {
            throw new StorageUnavailableException("The server has crashed");
        }
    }

    @Override
    public HandOvers handOvers() {
        return reports;
    }
}
