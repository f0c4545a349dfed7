package io.streamlocks.proof.abuse.attack;

import java.io.IOException;

/** An attack by one caller that may harm all others. */
interface Attack {

    /**
     * Attacks until {@link Target#isOver}, whatever the responses are.
     *
     * @throws IOException if the attack cannot begin
     */
    void run(Target target) throws IOException, InterruptedException;
}
