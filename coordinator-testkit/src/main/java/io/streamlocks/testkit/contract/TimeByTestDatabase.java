package io.streamlocks.testkit.contract;

import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;

/** Lets time pass for a backend on a {@link TestDatabase}, by a change of the times in its rows. */
public interface TimeByTestDatabase extends BreakContract, GroupContract {

    /** Returns the database of the backend. */
    TestDatabase database();

    @Override
    default void expire(String streamId) {
        database().expire(streamId);
    }

    @Override
    default void age(String streamId, Duration by) {
        database().backdate(streamId, by);
    }

    /** Makes the places of a stream older by this much. */
    default void agePlaces(String streamId, Duration by) {
        database().backdatePlaces(streamId, by);
    }

    @Override
    default void expireMember(MemberReport member) {
        database().expireMember(member.groupId(), member.ownerId());
    }

    @Override
    default void open(String streamId) {
        database().open(streamId);
    }
}
