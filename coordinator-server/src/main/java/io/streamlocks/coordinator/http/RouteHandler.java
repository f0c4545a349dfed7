package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.http.jetty.Call;
import java.util.concurrent.CompletableFuture;

/** Handles the calls of a route. It must be thread-safe. */
@FunctionalInterface
interface RouteHandler {

    /**
     * Handles a call whose caller may make it. This method does not block.
     *
     * @return the response, once it is known. A failure of this future, or an exception of this method, becomes the
     *     response that {@link ErrorResponses} has for it
     */
    CompletableFuture<? extends Response> handle(Call call);
}
