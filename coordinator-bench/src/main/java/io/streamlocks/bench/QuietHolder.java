package io.streamlocks.bench;

import io.streamlocks.client.StreamLockClient;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A process that holds a stream and renews its lease until it is killed. */
public final class QuietHolder {

    /** What it prints when it holds the stream. */
    static final String HOLDS = "holds the stream";

    private static final Duration TTL = Duration.ofSeconds(3);

    private QuietHolder() {}

    /**
     * Holds a stream until the process ends.
     *
     * @param args the address of the coordinator, and the stream
     */
    public static void main(String[] args) throws InterruptedException {
        try (StreamLockClient client =
                        StreamLockClient.builder(URI.create(args[0])).ttl(TTL).build();
                var lease = client.tryAcquire(args[1]).orElseThrow()) {
            System.out.println(lease.streamId() + ": " + HOLDS);
            new CountDownLatch(1).await();
        }
    }
}
