package io.streamlocks.proof.worker;

import io.streamlocks.examples.api.StreamApi;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.history.Write;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * The process of the resource, in two: one with a fence, and as the control one without. On SIGTERM it writes down what
 * they hold.
 */
public final class Resource {

    private Resource() {}

    /**
     * Serves until it is told to stop. Prints both addresses.
     *
     * @param args number of streams, file for what the one with a fence holds, file for the other
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        int streams = Integer.parseInt(args[0]);
        // Not closed, since the JVM ends with it.
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
