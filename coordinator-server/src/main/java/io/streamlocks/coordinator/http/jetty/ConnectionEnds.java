package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.slf4j.event.Level;

/**
 * Ends connections, one after another on a thread of its own: thousands at once would take the threads of the server
 * from the clients that are served. This class is thread-safe.
 */
final class ConnectionEnds {

    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "connection-end");
        made.setDaemon(true);
        return made;
    });

    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /**
     * Creates an instance.
     *
     * @param errors logs the connections that are ended
     * @param telemetry counts them
     */
    ConnectionEnds(RepeatedErrorLog errors, Telemetry telemetry) {
        this.errors = errors;
        this.telemetry = telemetry;
    }

    /** Ends a connection soon. */
    void end(Client client, Refusal refusal, String why) {
        later(() -> endNow(client, refusal, why));
    }

    /** Runs a task on the thread that ends connections. The task may call {@link #endNow}. */
    void later(Runnable task) {
        thread.execute(task);
    }

    /** Ends a connection. Only tasks of {@link #later} call this. */
    void endNow(Client client, Refusal refusal, String why) {
        telemetry.refused(refusal);
        errors.log(Level.WARN, refusal + client.address(), "Ended a connection from " + client.address() + ": " + why);
        client.close(new TimeoutException(why));
    }

    void stop() {
        thread.shutdown();
    }
}
