package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * A worker that shares streams with the other members of its group, as it last reported.
 *
 * @param ownerId the worker
 * @param held the number of leases that it holds in the group
 * @param wanted the number of streams that it holds or has work for
 * @param capacity the most streams that it can hold; empty for any number
 * @param expiresIn how long it stays a member without another report, by the clock of the storage; not negative
 */
public record Member(String ownerId, int held, int wanted, OptionalInt capacity, Duration expiresIn) {}
