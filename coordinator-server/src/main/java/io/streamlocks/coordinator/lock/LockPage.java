package io.streamlocks.coordinator.lock;

import java.util.List;
import java.util.Optional;

/**
 * A page of live locks, in the code point order of their stream ids, which is the byte order of UTF-8.
 *
 * @param locks the locks
 * @param next {@link LockQuery#after()} of the next page; empty if this is the last
 */
public record LockPage(List<Lock> locks, Optional<String> next) {

    /**
     * Creates a page from up to one lock more than fits on it. If that lock exists, there is a next page.
     *
     * @param locks at most {@code pageSize + 1} locks
     * @param pageSize the maximum number of locks on the page
     */
    public static LockPage of(List<Lock> locks, int pageSize) {
        if (locks.size() <= pageSize) {
            return new LockPage(List.copyOf(locks), Optional.empty());
        }
        List<Lock> page = List.copyOf(locks.subList(0, pageSize));
        return new LockPage(page, Optional.of(page.get(pageSize - 1).streamId()));
    }
}
