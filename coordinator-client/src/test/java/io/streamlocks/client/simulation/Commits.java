package io.streamlocks.client.simulation;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** All commits of the storage in their order, from which a new primary can repeat those that it has received. */
final class Commits {

    /**
     * A commit.
     *
     * @param judgedAt the clock of the storage when the statement judged its rows
     * @param at the time of the commit
     * @param change carries the change out, with the same outcome each time if those before it were carried out
     */
    record Commit(Instant judgedAt, long at, Runnable change) {}

    private final List<Commit> commits = new ArrayList<>();

    void add(Instant judgedAt, long at, Runnable change) {
        commits.add(new Commit(judgedAt, at, change));
    }

    /** Forgets the commits since the given time. Returns how many these are. */
    int forgetSince(long nanos) {
        int before = commits.size();
        commits.removeIf(commit -> commit.at() >= nanos);
        return before - commits.size();
    }

    /** Returns the commits that are not forgotten. */
    List<Commit> all() {
        return List.copyOf(commits);
    }
}
