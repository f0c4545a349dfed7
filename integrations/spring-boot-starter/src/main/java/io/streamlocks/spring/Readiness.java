package io.streamlocks.spring;

import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockException;
import java.time.Duration;
import java.util.Optional;

/** The health check, which Spring Boot 3 and 4 wrap in types of their own. */
final class Readiness {

    /** How long a health check may take. Those of an application run one after the other. */
    private static final Duration WITHIN = Duration.ofSeconds(2);

    private Readiness() {}

    /** Returns why the coordinator is not ready; empty if it is. This blocks for at most two seconds. */
    static Optional<RuntimeException> failure(StreamLockClient client) {
        try {
            client.requireReady(WITHIN);
            return Optional.empty();
        } catch (StreamLockException | IllegalStateException e) {
            return Optional.of(e);
        }
    }
}
