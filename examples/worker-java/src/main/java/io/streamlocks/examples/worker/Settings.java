package io.streamlocks.examples.worker;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the settings of the worker.
 *
 * @param environment the variables that README.md describes
 */
record Settings(Map<String, String> environment) {

    URI uri(String name, String fallback) {
        return URI.create(environment.getOrDefault(name, fallback));
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    int number(String name, int fallback) {
        String value = environment.get(name);
        return value == null ? fallback : Integer.parseInt(value);
    }

    Duration millis(String name, int fallback) {
        return Duration.ofMillis(number(name, fallback));
    }
}
