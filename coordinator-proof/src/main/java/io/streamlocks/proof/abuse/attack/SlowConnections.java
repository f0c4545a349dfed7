package io.streamlocks.proof.abuse.attack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Many connections that one thread keeps open. Each sends some bytes at first and a few more at intervals. A connection
 * that ends is opened again.
 *
 * @param count the number of connections
 * @param addresses the number of addresses from which they come
 * @param first the bytes that each sends at first
 * @param more the bytes that each sends after each interval
 * @param every the interval
 * @param reads whether responses are read
 */
record SlowConnections(int count, int addresses, byte[] first, byte[] more, Duration every, boolean reads) {

    /** The number of steps of a round, so that the connections do not all begin at once. */
    private static final int STEPS = 30;

    /** Blocks until the attack is over. */
    void run(Target target) throws InterruptedException {
        List<SlowConnection> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new SlowConnection(this, target, Target.source(i % addresses)));
        }
        for (int step = 0; !target.isOver(); step = (step + 1) % STEPS) {
            for (int i = step; i < count; i += STEPS) {
                all.get(i).goOn();
            }
            TimeUnit.NANOSECONDS.sleep(every.toNanos() / STEPS);
        }
        all.forEach(SlowConnection::close);
    }
}
