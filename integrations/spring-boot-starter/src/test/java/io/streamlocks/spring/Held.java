package io.streamlocks.spring;

import io.streamlocks.testkit.InProcessCoordinator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** The live locks of a coordinator, as it lists them. */
final class Held {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private Held() {}

    /** Returns the locks as JSON. */
    static String at(InProcessCoordinator coordinator) {
        try {
            return HTTP.send(
                            HttpRequest.newBuilder(coordinator.uri().resolve("/v1/locks"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
