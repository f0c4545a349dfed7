package io.streamlocks.coordinator.lock;

import java.util.Optional;

/**
 * Which live locks to list.
 *
 * @param ownerId only those of this owner, if present
 * @param prefix only streams whose id begins with this; empty for all
 * @param after only streams after this one in code point order; empty for the first page
 * @param pageSize the maximum number of locks, 1 to {@link Limits#MAX_PAGE_SIZE}
 */
public record LockQuery(Optional<String> ownerId, String prefix, String after, int pageSize) {}
