package io.streamlocks.proof.abuse.attack;

import java.time.Duration;

/** A reader requests page after page of all locks on 256 connections, and reads no response. */
final class UnreadAnswers implements Attack {

    private static final int CONNECTIONS = 256;

    @Override
    public void run(Target target) throws InterruptedException {
        byte[] list = Requests.get(Lists.PAGE, Requests.bearer(target.readerToken()));
        new SlowConnections(CONNECTIONS, 1, list, list, Duration.ofSeconds(1), false).run(target);
    }
}
