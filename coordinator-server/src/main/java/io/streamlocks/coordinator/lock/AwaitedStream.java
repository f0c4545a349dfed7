package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Optional;

/**
 * A stream that callers wait for.
 *
 * @param streamId the stream
 * @param fencingToken the token of its latest lease
 * @param lease that lease, if it is live
 * @param grantableIn the time until its lease ends or the stream opens; zero if it can be granted now
 */
public record AwaitedStream(String streamId, long fencingToken, Optional<Lease> lease, Duration grantableIn) {

    /**
     * What is known of a stream that callers wait for.
     *
     * @param streamId the stream
     * @param fencingToken the token of its latest lease; 0 if that is not known
     */
    public record Known(String streamId, long fencingToken) {}
}
