package io.streamlocks.coordinator.lock;

import java.time.Instant;
import java.util.Optional;

/**
 * Which grants of all streams to list.
 *
 * @param ownerId only those of this owner, if present
 * @param prefix only those of streams whose id begins with this; empty for all
 * @param since only those granted at this time or later, if present
 * @param until only those granted before this time, if present
 * @param endReason only those that ended in this way, if present
 * @param after only those before this one in time; empty for the first page
 * @param pageSize the maximum number of grants, 1 to {@link Limits#MAX_PAGE_SIZE}
 */
public record HistoryQuery(
        Optional<String> ownerId,
        String prefix,
        Optional<Instant> since,
        Optional<Instant> until,
        Optional<EndReason> endReason,
        Optional<GrantPage.Position> after,
        int pageSize) {}
