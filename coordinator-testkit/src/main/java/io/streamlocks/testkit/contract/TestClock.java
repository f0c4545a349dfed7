package io.streamlocks.testkit.contract;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that stands still until a test moves it. This class is thread-safe. */
public final class TestClock implements InstantSource {

    private Instant now = Instant.parse("2026-01-31T12:00:00.000001Z");

    @Override
    public synchronized Instant instant() {
        return now;
    }

    /** Moves the clock forward. */
    public synchronized void advance(Duration by) {
        now = now.plus(by);
    }
}
