package io.streamlocks.examples.worker;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Suspends this process at the worst moment, between the check of the lease and the publish. It only shows why the sink
 * has a fence.
 */
final class Suspension {

    private final long every;
    private final Duration time;
    private final AtomicLong count = new AtomicLong();

    /** Suspends for this time at every n-th publish. Never suspends if n is 0. */
    Suspension(long every, Duration time) {
        this.every = every;
        this.time = time;
    }

    void perhaps() throws IOException, InterruptedException {
        if (every > 0 && count.incrementAndGet() % every == 0) {
            long pid = ProcessHandle.current().pid();
            new ProcessBuilder(
                            "sh",
                            "-c",
                            "(sleep " + time.toMillis() / 1000.0 + "; kill -CONT " + pid + ") & kill -STOP " + pid)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        }
    }
}
