package io.streamlocks.coordinator.lock;

import java.time.Instant;
import java.util.Optional;

/**
 * Which grants of all streams to list.
 *
 * @param ownerId only those of this owner, if present
 * @param prefix only of streams whose id begins with it; empty for all
 * @param since only those granted at this time or later, if present
 * @param until only those granted before this time, if present
 * @param endReason only those that ended so, if present
 * @param after only those before this one in time; empty for the first page
 * @param pageSize how many at most, at least 1
 */
public record HistoryQuery(
        Optional<String> ownerId,
        String prefix,
        Optional<Instant> since,
        Optional<Instant> until,
        Optional<EndReason> endReason,
        Optional<GrantPage.Position> after,
        int pageSize) {}
