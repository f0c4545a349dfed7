package io.streamlocks.proof.worker;

import io.streamlocks.examples.api.StreamApi;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.history.Write;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * The process of the resource. It has two: one with a fence, and as the control one without. On SIGTERM it writes what
 * both have accepted.
 */
public final class Resource {

    private Resource() {}

    /**
     * Prints both addresses and serves until SIGTERM.
     *
     * @param args the number of streams, the file for the writes with a fence, and the file for the writes without
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        int streams = Integer.parseInt(args[0]);
        // Neither is closed, because they live as long as the JVM.
        StreamApi fenced = new StreamApi(0, streams, 0, Duration.ofSeconds(1), true);
        StreamApi unfenced = new StreamApi(0, streams, 0, Duration.ofSeconds(1), false);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                JsonLines.write(Path.of(args[1]), Write.acceptedBy(fenced));
                JsonLines.write(Path.of(args[2]), Write.acceptedBy(unfenced));
            } catch (IOException e) {
                e.printStackTrace();
            }
        }));
        System.out.println("http://127.0.0.1:" + fenced.port() + " http://127.0.0.1:" + unfenced.port());
        new CountDownLatch(1).await();
    }
}
