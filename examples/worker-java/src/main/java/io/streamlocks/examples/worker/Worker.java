package io.streamlocks.examples.worker;

import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.session.EventSource;
import io.streamlocks.client.session.PollLoop;
import io.streamlocks.client.session.SessionRegistry;
import io.streamlocks.client.session.SessionRegistryBuilder;
import io.streamlocks.client.session.StreamEvent;
import io.streamlocks.client.session.StreamWorker;
import java.time.Duration;

/** Polls a stream API and publishes each event under the lease of its stream, until SIGTERM or SIGINT. */
public final class Worker {

    private Worker() {}

    /**
     * Starts the worker. Its settings are the variables that README.md describes.
     *
     * @param args no arguments
     */
    public static void main(String[] args) {
        Settings settings = new Settings(System.getenv());
        StreamLockClient client = StreamLockClient.builder(settings.uri("COORDINATOR_URL", "http://127.0.0.1:8080"))
                .ttl(settings.millis("TTL_MS", 30_000))
                .acquireTimeout(settings.millis("ACQUIRE_TIMEOUT_MS", 1000))
                .build();
        StreamApiClient api =
                new StreamApiClient(settings.uri("STREAM_API_URL", "http://127.0.0.1:8090"), client.ownerId());
        Duration work = settings.millis("WORK_MS", 50);
        Suspension suspension = new Suspension(settings.number("SUSPEND_EVERY", 0), settings.millis("SUSPEND_MS", 0));
        SessionRegistryBuilder<Event> sessions = SessionRegistry.<Event>builder(
                        client, lease -> new EventHandler(lease, api, work, suspension))
                .maxConcurrentSessions(settings.number("MAX_SESSIONS", 32))
                .idleTimeout(settings.millis("IDLE_MS", 5000))
                // Events that the session has not published are not accepted, so the source returns them again.
                .onEnd(end -> end.failure()
                        .ifPresent(failure -> System.out.println("stream " + end.streamId() + " ended: "
                                + end.loss()
                                        .map(loss -> "lost, " + loss.reason() + ": ")
                                        .orElse("") + failure)));
        settings.text("GROUP").ifPresent(sessions::group);
        SessionRegistry<Event> registry = sessions.build();
        EventSource<Event> source = () -> api.events().stream()
                .map(event -> new StreamEvent<>(event.streamId(), event))
                .toList();
        PollLoop<Event> loop = PollLoop.builder(registry, source)
                .delay(settings.millis("POLL_MS", 200))
                .build();
        new StreamWorker(loop, registry, client).closeOnShutdown().start();
        System.out.println("worker " + client.ownerId() + " is at work");
    }
}
