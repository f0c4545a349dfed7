package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
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
        endIf(() -> true, client, refusal, why);
    }

    /**
     * Ends a connection soon, if this condition still holds then.
     *
     * @param condition may have a side effect if it does not hold
     */
    void endIf(BooleanSupplier condition, Client client, Refusal refusal, String why) {
        thread.execute(() -> {
            if (condition.getAsBoolean()) {
                telemetry.refused(refusal);
                errors.log(
                        Level.WARN,
                        refusal + client.address(),
                        "Ended a connection from " + client.address() + ": " + why);
                client.close(new TimeoutException(why));
            }
        });
    }

    void stop() {
        thread.shutdown();
    }
}
