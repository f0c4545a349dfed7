package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * What a worker reports of itself to its group. Each report replaces the one before.
 *
 * @param groupId the group
 * @param ownerId the worker, as the leases of the group name it
 * @param held the number of leases that it holds in the group, from 0 to {@link Limits#MAX_GROUP_STREAMS}
 * @param wanted the number of streams that it holds or has work for, within the same bounds
 * @param capacity the most streams that it can hold, within the same bounds; empty for any number
 * @param ttl how long it stays a member without another report
 */
public record MemberReport(String groupId, String ownerId, int held, int wanted, OptionalInt capacity, Duration ttl) {}
