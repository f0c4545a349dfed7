package io.streamlocks.coordinator.lock;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A page of history. It may hold fewer grants than asked for, even none, though more follow: storage looks at so many for
 * one page and no more.
 *
 * @param grants the grants, latest first
 * @param next where the next page begins; empty if this is the last
 */
public record GrantPage(List<Grant> grants, Optional<Position> next) {

    /**
     * A place in history: just before the grant with this time and token, seen from the present.
     *
     * @param acquiredAt the time of a grant
     * @param fencingToken its token
     */
    public record Position(Instant acquiredAt, long fencingToken) {

        /** Where a grant stands. */
        public static Position of(Grant grant) {
            return new Position(grant.acquiredAt(), grant.fencingToken());
        }
    }

    /**
     * Makes a page of one grant more than a page holds, if there is one: that it exists is how we know of a next page.
     *
     * @param grants up to {@code pageSize + 1} grants, latest first
     * @param pageSize the most grants on the page
     */
    public static GrantPage of(List<Grant> grants, int pageSize) {
        if (grants.size() <= pageSize) {
            return new GrantPage(List.copyOf(grants), Optional.empty());
        }
        List<Grant> page = List.copyOf(grants.subList(0, pageSize));
        return new GrantPage(page, Optional.of(Position.of(page.get(pageSize - 1))));
    }
}
