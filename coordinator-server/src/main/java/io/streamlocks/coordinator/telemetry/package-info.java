/**
 * What the coordinator tells of itself: metrics for Prometheus and traces by OpenTelemetry. Streams, owners and lease ids
 * are in no metric, a lease id in no trace. The only package that knows Micrometer and OpenTelemetry.
 */
package io.streamlocks.coordinator.telemetry;
