package io.streamlocks.proof.abuse.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Without a token, 16 connections send bytes that are not HTTP, and requests that contradict themselves. */
final class Garbage implements Attack {

    private static final int CONNECTIONS = 16;
    private static final int RANDOM_BYTES = 4096;

    /** Each run uses the same seed. */
    private static final long SEED = 16;

    @Override
    public void run(Target target) throws InterruptedException {
        byte[] random = new byte[RANDOM_BYTES];
        new Random(SEED).nextBytes(random);
        List<byte[]> requests = new ArrayList<>(List.of(random));
        for (String text : List.of(
                "GET /v1/locks\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003 a greeting of TLS\r\n\r\n",
                "\r\n\r\n\r\n\r\n: : :\r\n\r\n",
                "GET /v1/locks HTTP/9.9\r\nHost: localhost\r\n\r\n",
                "GET /v1/locks HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET /" + "a".repeat(60_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(20_000) + "\r\n",
                "POST /v1/batch/renew HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n{}",
                "POST /v1/batch/renew HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n{}",
                "POST /v1/batch/renew HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "zz\r\n{}\r\n0\r\n\r\n")) {
            requests.add(Requests.ascii(text));
        }
        Callers.run(target, CONNECTIONS, caller -> {
            byte[] request = requests.get(caller % requests.size());
            return connection -> {
                // Each request needs a connection of its own.
                try (connection) {
                    return Callers.statusOf(connection, request);
                }
            };
        });
    }
}
