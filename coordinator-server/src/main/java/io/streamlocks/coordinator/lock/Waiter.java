package io.streamlocks.coordinator.lock;

import java.time.Duration;

/**
 * A caller that waits for a stream, as everybody may see it: all of it except the lease id.
 *
 * @param owner the worker that waits
 * @param position its position in the queue of the stream; 1 is next
 * @param waitingFor the time since it took its place, by the clock of the storage
 */
public record Waiter(Owner owner, int position, Duration waitingFor) {}
