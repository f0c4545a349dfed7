package io.streamlocks.proof.abuse.attack;

import java.io.IOException;

/** Something that one caller does to harm all others. */
interface Attack {

    /**
     * Goes on until {@link Target#isOver}, whatever the answers are.
     *
     * @throws IOException if the attack cannot even begin
     */
    void run(Target target) throws IOException, InterruptedException;
}
