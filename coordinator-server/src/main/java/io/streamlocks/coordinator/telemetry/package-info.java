/**
 * Metrics for Prometheus and traces for OpenTelemetry. No metric contains a stream, an owner or a lease id, and no
 * trace contains a lease id. Only this package uses Micrometer and OpenTelemetry.
 */
@NullMarked
package io.streamlocks.coordinator.telemetry;

import org.jspecify.annotations.NullMarked;
