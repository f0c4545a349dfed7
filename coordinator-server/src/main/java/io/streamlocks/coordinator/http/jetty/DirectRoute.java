package io.streamlocks.coordinator.http.jetty;

import java.util.concurrent.CompletableFuture;

/** The handling of a call that does not pass through the framework. */
@FunctionalInterface
public interface DirectRoute {

    /** Returns the reply, once it is known. This method does not block. */
    CompletableFuture<Reply> handle();
}
