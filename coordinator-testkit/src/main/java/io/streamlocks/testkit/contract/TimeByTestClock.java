package io.streamlocks.testkit.contract;

import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.MemberReport;
import java.time.Duration;

/** Lets time pass for a backend with a {@link TestClock}. */
public interface TimeByTestClock extends BreakContract, GroupContract {

    /** Returns the clock of the backend. */
    TestClock clock();

    /** Returns the backend itself, if {@link #locks} reaches it by way of another one. */
    default LockManager storage() {
        return locks();
    }

    @Override
    default void expire(String streamId) {
        storage().find(streamId).ifPresent(lock -> clock().advance(lock.expiresIn()));
    }

    @Override
    default void age(String streamId, Duration by) {
        clock().advance(by);
    }

    /** Makes the places of a stream older by this much. */
    default void agePlaces(String streamId, Duration by) {
        clock().advance(by);
    }

    @Override
    default void expireMember(MemberReport member) {
        clock().advance(member.ttl());
    }

    @Override
    default void open(String streamId) {
        clock().advance(Limits.MAX_BREAK_DELAY);
    }

    @Override
    default void tick() {
        clock().advance(Duration.ofMillis(1));
    }
}
