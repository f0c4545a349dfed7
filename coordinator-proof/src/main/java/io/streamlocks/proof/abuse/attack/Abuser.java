package io.streamlocks.proof.abuse.attack;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * The process that attacks. Its arguments are the attack, the port and the length in seconds. Its tokens are in the
 * environment, which other users cannot read. It prints one line with the responses that it got.
 */
public final class Abuser {

    /** The variable with the token of a worker that has a narrow prefix. */
    public static final String WORKER_TOKEN = "ABUSER_WORKER_TOKEN";

    /** The variable with the token of a reader. */
    public static final String READER_TOKEN = "ABUSER_READER_TOKEN";

    private Abuser() {}

    /** Runs the attack. */
    public static void main(String[] args) throws Exception {
        Target target = new Target(
                new InetSocketAddress(InetAddress.getByName("127.0.0.1"), Integer.parseInt(args[1])),
                System.getenv(WORKER_TOKEN),
                System.getenv(READER_TOKEN),
                System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(args[2])),
                new Tally());
        AttackClass.of(args[0]).make().run(target);
        System.out.println(target.tally());
    }
}
