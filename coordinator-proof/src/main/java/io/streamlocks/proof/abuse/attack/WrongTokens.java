package io.streamlocks.proof.abuse.attack;

/** A caller with a wrong token uses 32 connections. Half of them send bodies of 100 kB. */
final class WrongTokens implements Attack {

    private static final int CONNECTIONS = 32;
    private static final int BODY = 100_000;

    @Override
    public void run(Target target) throws InterruptedException {
        String bearer = Requests.bearer("slc_nobody-has-this-token");
        byte[] small = Requests.get(Target.PATH + "x", bearer);
        byte[] large = Requests.post("/v1/batch/renew", bearer, "{\"items\":[" + " ".repeat(BODY) + "]}");
        Callers.run(
                target,
                CONNECTIONS,
                caller -> connection -> Callers.statusOf(connection, caller % 2 == 0 ? small : large));
    }
}
