/**
 * Metrics of the client for Micrometer. Only this package uses Micrometer, and no other package of the client uses this
 * one, so that a worker without Micrometer loads neither.
 */
@NullMarked
package io.streamlocks.client.metrics;

import org.jspecify.annotations.NullMarked;
