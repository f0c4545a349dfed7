package io.streamlocks.coordinator.lock;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A page of history. It may contain fewer grants than were asked for, or none, although more follow, because the
 * storage looks at a bounded number of grants per page.
 *
 * @param grants the grants, latest first
 * @param next where the next page begins; empty if this is the last
 */
public record GrantPage(List<Grant> grants, Optional<Position> next) {

    /**
     * A position in history: the page after it begins with the grant before this one in time.
     *
     * @param acquiredAt the time of a grant
     * @param fencingToken its token
     */
    public record Position(Instant acquiredAt, long fencingToken) {

        /** Returns the position of a grant. */
        public static Position of(Grant grant) {
            return new Position(grant.acquiredAt(), grant.fencingToken());
        }
    }

    /**
     * Creates a page from up to one grant more than fits on it. If that grant exists, there is a next page.
     *
     * @param grants at most {@code pageSize + 1} grants, latest first
     * @param pageSize the maximum number of grants on the page
     */
    public static GrantPage of(List<Grant> grants, int pageSize) {
        if (grants.size() <= pageSize) {
            return new GrantPage(List.copyOf(grants), Optional.empty());
        }
        List<Grant> page = List.copyOf(grants.subList(0, pageSize));
        return new GrantPage(page, Optional.of(Position.of(page.get(pageSize - 1))));
    }
}
