package io.streamlocks.proof.abuse.attack;

import java.util.Locale;
import java.util.StringJoiner;

/** A worker sends acquires with 105,000 labels, which are 945 kB, on 95 connections. */
final class LabelBombs implements Attack {

    private static final int CONNECTIONS = 95;
    private static final int LABELS = 105_000;

    @Override
    public void run(Target target) throws InterruptedException {
        StringJoiner labels = new StringJoiner(",", "{\"ownerId\":\"abuser\",\"labels\":{", "}}");
        for (int i = 0; i < LABELS; i++) {
            labels.add(String.format(Locale.ROOT, "\"%s\":\"\"", Integer.toString(i, Character.MAX_RADIX)));
        }
        byte[] bomb =
                Requests.post(Target.PATH + "bomb/acquire", Requests.bearer(target.abuserToken()), labels.toString());
        Callers.repeat(target, CONNECTIONS, bomb);
    }
}
