package io.streamlocks.coordinator.lock;

import java.time.Instant;
import java.util.Optional;

/**
 * Which grants of one stream to list.
 *
 * @param streamId the stream
 * @param at only the grant that was live at this time, if present
 * @param below only grants with a lower fencing token; {@link Long#MAX_VALUE} for the first page
 * @param pageSize the maximum number of grants, 1 to {@link Limits#MAX_PAGE_SIZE}
 */
public record StreamHistoryQuery(String streamId, Optional<Instant> at, long below, int pageSize) {}
